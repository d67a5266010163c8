"""A log by its URL."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.sqlite import SqliteLog

SQLITE = "sqlite:///"


def open_log(url: str) -> Log:
    """The log at `sqlite:///path`. Raises UserError for any other URL and for a damaged log."""
    if url.startswith(SQLITE):
        return SqliteLog(Path(url.removeprefix(SQLITE)))
    raise UserError(f"{url} is no log that this version knows: give sqlite:///path/to/log.sqlite")
