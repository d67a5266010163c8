"""Errors that users see. Each is one line with the cause and what to do."""

import re

OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
OF_LINES = re.compile(r"\r?\n|\t")


def one_line(message: object) -> str:
    """A text or an error's message in one line. For an error without a message, its type.

    Characters that a terminal would obey are written as escapes.
    """
    line = " ".join(str(message).split())
    shown = OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), line)
    return shown or (type(message).__name__ if isinstance(message, BaseException) else "")


def shown(text: str) -> str:
    """The lines of a text, with characters that a terminal would obey as escapes. JSON says the same."""
    return OBEYED.sub(lambda found: found[0] if _is_of_lines(found) else f"\\u{ord(found[0]):04x}", text)


def _is_of_lines(found: re.Match[str]) -> bool:
    return OF_LINES.match(found.string, found.start()) is not None


class UserError(Exception):
    """Bad input or a bad environment. `str(error)` is one line that says what to do."""


class Unavailable(Exception):
    """Something outside the process does not answer at present. A retry may help.

    `outage` names what is down. Errors with the same `outage` belong to one outage.
    """

    def __init__(self, message: str, outage: str | None = None) -> None:
        super().__init__(message)
        self.outage = outage or message


class TaskError(Exception):
    """A task failed. `kind` is a word for the reason, such as `out-of-memory` or `disk-full`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"
