"""Open a log by its URL. The URL's scheme names a plugin."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.plugins import Plugins


@dataclass(frozen=True)
class LogPlugin:
    """A log plugin: the scheme of its URLs, and how to open a log.

    `open` raises UserError for a wrong URL or wrong settings, does not connect, and imports heavy packages
    itself. `address`: an example URL for messages. `exists`: whether there is a log at a URL; it creates
    nothing, and may raise LogLost if there was one; None means always. `create`: make the log at a URL
    unless it is there; None means that `open` does. `extra`: the extra of labelloop that installs the
    plugin's packages.
    """

    name: str
    open: Callable[[str], Log]
    address: str
    exists: Callable[[str], Awaitable[bool]] | None = None
    create: Callable[[str], Awaitable[None]] | None = None
    extra: str | None = None


LOGS = Plugins("labelloop.logs", LogPlugin, "log")


def log_plugin(url: str) -> LogPlugin:
    """The plugin for a log's URL. Raises UserError if no installed plugin knows it."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme in LOGS.names():
        return LOGS.get(scheme)
    addresses = " or ".join(plugin.address for plugin in LOGS.all().values())
    if not addresses:
        return LOGS.get(scheme)
    raise UserError(f"{url} is not the URL of a known kind of log: give {addresses}")


def open_log(url: str) -> Log:
    """Open the log at `sqlite:///path`, `kafka://host:9092/prefix` or a URL of an installed plugin.

    Raises UserError for any other URL, for a damaged log, for a missing file and for wrong settings.
    """
    return log_plugin(url).open(url)


async def create_log(url: str) -> None:
    """Make the log at a URL, unless it is there. Raises UserError and Unavailable."""
    create = log_plugin(url).create
    if create is not None:
        await create(url)
