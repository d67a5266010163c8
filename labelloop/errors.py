"""Errors that users see, each one line with the cause and what to do; and how lines say texts and numbers."""

import re

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""The signs that turn the direction of the text beside them."""
OBEYED = re.compile(rf"[\x00-\x1f\x7f-\x9f{DIRECTIONS}]")
OBEYED_IN_LINES = re.compile(rf"(?!\r?\n|\t){OBEYED.pattern}")


def one_line(message: object) -> str:
    """A text or an error's message in one line. For an error without a message, its type.

    Characters that a terminal would obey are written as escapes.
    """
    line = " ".join(str(message).split())
    line = OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), line)
    return line or (type(message).__name__ if isinstance(message, BaseException) else "")


def shown(text: str) -> str:
    """The lines of a text, with characters that a terminal would obey as escapes. JSON says the same."""
    return OBEYED_IN_LINES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def counted(number: int, what: str) -> str:
    """A number of things: `1 text`, `1,200 texts`, `2 batches`, `3 near-copies`."""
    if number == 1:
        return f"1 {what}"
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{number:,} {plural}"


class UserError(Exception):
    """Bad input or a bad environment. `str(error)` is one line that says what to do."""


class Unavailable(Exception):
    """Something outside the process does not answer at present. A retry may help.

    `outage` names what is down. Errors with the same `outage` belong to one outage. `remedy`: what a person
    can do about it, unless the message says so.
    """

    def __init__(self, message: str, outage: str | None = None, remedy: str = "") -> None:
        super().__init__(message)
        self.outage = outage or message
        self.remedy = remedy


class TaskError(Exception):
    """A task failed. `kind` is a word for the reason, such as `out-of-memory` or `disk-full`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"
