"""A home's log, opened for a command."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError
from labelloop.home import Home, existing_home
from labelloop.log import Log, open_log
from labelloop.loop.history import History
from labelloop.projects.catalog import choose, read_histories


@dataclass(frozen=True)
class Opened:
    """A home with its log and what the log says, up to now."""

    home: Home
    log: Log
    histories: dict[str, History]


@asynccontextmanager
async def opened(home: Home | Path) -> AsyncIterator[Opened]:
    """Open a home that is there. Raises UserError, also for a log that is damaged."""
    home = home if isinstance(home, Home) else existing_home(home)
    log = open_log(home.log_url)
    try:
        histories = await read_histories(log)
        _check_none_is_lost(home, histories)
        yield Opened(home, log, histories)
    finally:
        await log.close()


@asynccontextmanager
async def opened_project(path: Path, project: str | None) -> AsyncIterator[tuple[Opened, History]]:
    """Open a home and choose a project in it. Raises UserError."""
    async with opened(path) as found:
        yield found, choose(found.histories, project)


def _check_none_is_lost(home: Home, histories: Collection[str]) -> None:
    """A project's models outlive a log that was cut off or replaced: say so before another log grows."""
    for models in sorted(home.store.glob("*/models")):
        if models.parent.name not in histories:
            raise UserError(
                f"the log {home.log} knows nothing of the project {models.parent.name}, which has models in "
                f"{home.store}: put back a copy of the log, or remove {models.parent}"
            )
