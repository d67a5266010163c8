"""What an operator asks of a project, as events."""

import getpass
import uuid

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.order import open_batches
from labelloop.projects.catalog import sound
from labelloop.projects.create import SOURCE
from schemas.envelope import new_event
from schemas.events import BatchClosed, OperatorEvent, ProjectEnded, ProjectPaused, ProjectResumed


async def pause(log: Log, history: History, why: str = "") -> None:
    """No new picks from now on. Raises UserError when that is so already."""
    if sound(history).paused:
        raise UserError(f"{history.project} is paused already: go on with `labelloop resume`")
    await _append(log, history, ProjectPaused(request=_request(), who=_who(), why=why))


async def resume(log: Log, history: History, why: str = "") -> None:
    """Picks go on. Raises UserError when the project is not paused."""
    if not sound(history).paused:
        raise UserError(f"{history.project} is not paused: there is nothing to resume")
    await _append(log, history, ProjectResumed(request=_request(), who=_who(), why=why))


async def end(log: Log, history: History, why: str = "") -> None:
    """No further picks, for good. Raises UserError when the project has ended."""
    if sound(history).ended:
        raise UserError(f"{history.project} has ended already: take its labels with `labelloop export`")
    await _append(log, history, ProjectEnded(request=_request(), who=_who(), why=why))


async def close(log: Log, history: History, batch: str, why: str = "") -> None:
    """The batch is done with what is there. Raises UserError when it is not open."""
    names = [found.name for found in open_batches(sound(history)) if not found.closed]
    if batch not in names:
        raise UserError(
            f"batch {batch} of {history.project} is not open: open is {', '.join(names) or 'none'}"
        )
    await _append(log, history, BatchClosed(request=_request(), who=_who(), why=why, batch=batch))


async def _append(log: Log, history: History, data: OperatorEvent) -> None:
    await log.append(new_event(history.project, data, source=SOURCE, cause=history.state.latest_id))


def _request() -> str:
    return str(uuid.uuid4())


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
