"""Errors that users meet, each one line that names the cause and the remedy."""


def one_line(message: object) -> str:
    """A text, or what an error says, in one line; of an error that says nothing, its type."""
    return " ".join(str(message).split()) or (
        type(message).__name__ if isinstance(message, BaseException) else ""
    )


class UserError(Exception):
    """Bad input or a bad environment; `str(error)` is one line that says what to do."""


class Unavailable(Exception):
    """Something outside the process does not answer for now; trying again later may help.

    `outage` names what is away: errors that share it are one outage, however each try of it fails.
    """

    def __init__(self, message: str, outage: str | None = None) -> None:
        super().__init__(message)
        self.outage = outage or message


class TaskError(Exception):
    """What was due could not be done; `kind` is a word for the reason (`out-of-memory`, `disk-full` …)."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"
