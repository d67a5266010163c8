"""A log, opened for a command."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from labelloop.cli.echo import tell
from labelloop.config.locations import Locations
from labelloop.log import Log, open_log
from labelloop.loop.history import History
from labelloop.projects.catalog import choose, read_histories
from labelloop.projects.log_creation import LogForProjects, check_is_new, check_none_is_lost, is_there
from labelloop.store import Store, open_store
from labelloop.supervisor.state import difference


@dataclass(frozen=True)
class _Located:
    """What is known of a log and of its store."""

    locations: Locations

    @property
    def store(self) -> Store:
        """The store. Raises UserError if its address is unknown."""
        return open_store(self.locations.store)


@dataclass(frozen=True)
class Opened(_Located):
    """An open log and the histories read from it."""

    log: Log
    histories: dict[str, History]

    @property
    def known_store(self) -> Store | None:
        """The store, or None if its address is unknown."""
        return None if self.locations.known_store is None else self.store


@dataclass(frozen=True)
class OpenedForProjects(_Located):
    """A log that may be made for new projects, and the histories read from it."""

    log: LogForProjects
    histories: dict[str, History]

    async def make(self) -> Opened:
        """The same with an open log, which is made if there is none. Raises UserError and Unavailable."""
        return Opened(self.locations, await self.log.make(), self.histories)


@asynccontextmanager
async def opened(locations: Locations) -> AsyncIterator[Opened]:
    """Open the log and read it. Raises UserError, also if the log is damaged or missing, and Unavailable.

    One line on stderr tells if another version of labelloop runs in the home, or a newer one did.
    """
    _tell_difference(locations)
    if locations.has_own_log and not await is_there(locations.log):
        check_is_new(locations)
    log = open_log(locations.log)
    try:
        histories = await read_histories(log)
        check_none_is_lost(locations, histories)
        yield Opened(locations, log, histories)
    finally:
        await log.close()


@asynccontextmanager
async def opened_project(locations: Locations, project: str | None) -> AsyncIterator[tuple[Opened, History]]:
    """Open the log and choose a project in it. Raises UserError."""
    async with opened(locations) as opened_log:
        yield opened_log, choose(opened_log.histories, project)


@asynccontextmanager
async def opened_for_projects(locations: Locations) -> AsyncIterator[OpenedForProjects]:
    """Open the log as `opened` does. If there never was one, none is opened: it is to be made when needed."""
    _tell_difference(locations)
    async with aclosing(LogForProjects(locations)) as log:
        existing_log = await log.find()
        histories = {} if existing_log is None else await read_histories(existing_log)
        check_none_is_lost(locations, histories)
        yield OpenedForProjects(locations, log, histories)


def _tell_difference(locations: Locations) -> None:
    if locations.home is not None and (line := difference(locations.home)):
        tell(f"note: {line}", err=True)
