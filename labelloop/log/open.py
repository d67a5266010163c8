"""A log by its URL, whose scheme is the name of a plugin."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.plugins import Plugins


@dataclass(frozen=True)
class LogPlugin:
    """What a package says of a log: the scheme of its URLs, and how to open one.

    `open` raises UserError for a URL or settings that are wrong, and connects to nothing; what is heavy it
    imports itself. `address`: an example of a URL, for messages. `exists` says, without making anything,
    whether there is a log at a URL; without it there always is. `extra`: that of labelloop's extras that
    installs what it needs.
    """

    name: str
    open: Callable[[str], Log]
    address: str
    exists: Callable[[str], Awaitable[bool]] | None = None
    extra: str | None = None


LOGS = Plugins("labelloop.logs", LogPlugin, "log")


def log_plugin(url: str) -> LogPlugin:
    """The plugin of a log's URL. Raises UserError where none is installed that knows it."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme in LOGS.names():
        return LOGS.get(scheme)
    known = " or ".join(plugin.address for plugin in LOGS.all().values())
    if not known:
        return LOGS.get(scheme)
    raise UserError(f"{url} is no log that this version knows: give {known}")


def open_log(url: str) -> Log:
    """The log at `sqlite:///path`, `kafka://host:9092/prefix` or a URL of an installed plugin.

    Raises UserError for any other URL, for a damaged log and for settings that are wrong.
    """
    return log_plugin(url).open(url)
