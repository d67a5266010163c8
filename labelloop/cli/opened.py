"""A log, opened for a command."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from labelloop.config.locations import Locations, recorded_locations
from labelloop.errors import UserError
from labelloop.log import Log, open_log
from labelloop.loop.history import History
from labelloop.projects.catalog import choose, read_histories
from labelloop.store import Store, open_store


@dataclass(frozen=True)
class Opened:
    """A log and what it says, up to now."""

    locations: Locations
    log: Log
    histories: dict[str, History]

    @property
    def store(self) -> Store:
        """Raises UserError when nobody said where it is."""
        return open_store(self.locations.store)


@asynccontextmanager
async def opened(locations: Locations) -> AsyncIterator[Opened]:
    """Open the log and read it. Raises UserError, also for one that is damaged, and Unavailable."""
    log = open_log(locations.log)
    try:
        histories = await read_histories(log)
        _check_none_is_lost(locations, histories)
        yield Opened(locations, log, histories)
    finally:
        await log.close()


@asynccontextmanager
async def opened_project(locations: Locations, project: str | None) -> AsyncIterator[tuple[Opened, History]]:
    """Open the log and choose a project in it. Raises UserError."""
    async with opened(locations) as opened_log:
        yield opened_log, choose(opened_log.histories, project)


def _check_none_is_lost(locations: Locations, histories: Collection[str]) -> None:
    """A project's models outlive a log that was cut off or replaced: say so before another log grows.

    That can be told only of a home which has used no log but its own: a store may serve several logs.
    """
    home = locations.home
    if (
        home is None
        or not (locations.has_own_log and locations.has_own_store)
        or recorded_locations(home) is not None
    ):
        return
    for models in sorted(home.store.glob("*/models")):
        if models.parent.name not in histories:
            raise UserError(
                f"the log {home.log} knows nothing of the project {models.parent.name}, which has models in "
                f"{home.store}: put back a copy of the log, or remove {models.parent}"
            )
