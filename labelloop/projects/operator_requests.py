"""Append an operator's requests to a project as events."""

import getpass
import re
import uuid
from collections.abc import Mapping

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.history import History, all_created
from labelloop.loop.schedule import open_batches
from labelloop.loop.settings_in_force import decided_texts
from labelloop.loop.state import THERE, LoopState
from labelloop.projects.catalog import SOURCE, sound
from labelloop.projects.next_steps import Ending, ending, next_steps
from labelloop.projects.own_annotators import said_of
from schemas.envelope import new_event
from schemas.events import (
    BatchClosed,
    EventSkipped,
    OperatorEvent,
    ProjectEnded,
    ProjectPaused,
    ProjectResumed,
)

PLACE = re.compile(r"(?:partition )?(?P<partition>\d+)(?::|, ?offset )(?P<offset>\d+)")


async def pause(log: Log, history: History, why: str = "") -> None:
    """Stop picking new batches. Raises UserError if the project is paused, or if none would be picked."""
    check_not_ended(history, "pause")
    if ending(history) == Ending.FINISHED:
        raise UserError(
            f"{history.project} is finished, so there is nothing to pause: {'; '.join(next_steps(history))}"
        )
    if sound(history).paused:
        raise UserError(f"{history.project} is already paused: continue with `labelloop resume`")
    await ask(log, history, ProjectPaused(request=new_request(), who=who(), why=why))


async def resume(log: Log, history: History, why: str = "") -> None:
    """Pick batches again. Raises UserError if the project is not paused, or has ended."""
    check_not_ended(history, "resume")
    if not sound(history).paused:
        raise UserError(f"{history.project} is not paused: there is nothing to resume")
    await ask(log, history, ProjectResumed(request=new_request(), who=who(), why=why))


async def end(log: Log, history: History, why: str = "") -> None:
    """End the project for good, also a finished one: no further batches. Raises UserError if it has ended."""
    check_not_ended(history, "end")
    await ask(log, history, ProjectEnded(request=new_request(), who=who(), why=why))


def check_not_ended(history: History, what: str) -> None:
    """Raises UserError if the project has ended, so that there is nothing to pause or to end."""
    if sound(history).ended:
        raise UserError(
            f"{history.project} has already ended, so there is nothing to {what}: "
            "get its labels with `labelloop export`, or continue from them with `labelloop fork`"
        )


async def close(log: Log, history: History, batch: str, why: str = "") -> None:
    """Finish a batch with the labels it has. Raises UserError if it is not open."""
    names = [open_batch.name for open_batch in open_batches(sound(history)) if not open_batch.closed]
    if batch not in names:
        open_now = f"the open ones are {', '.join(names)}" if names else "no batch is"
        raise UserError(f"batch {batch} of {history.project} is not open: {open_now}")
    await ask(log, history, BatchClosed(request=new_request(), who=who(), why=why, batch=batch))


def undecided(state: LoopState, batch: str | None = None) -> int:
    """How many texts of the open batches, or of one, have too few recorded answers so far.

    Texts that are asked once more have a label, and do not count.
    """
    named = (each for each in open_batches(state) if each.is_numbered and batch in (None, each.name))
    return sum(len(each.items) - decided_texts(state, each) for each in named)


async def skip(log: Log, history: History, why: str = "") -> None:
    """Continue without the event that halts the project. Raises UserError if it is not halted."""
    halt = history.halt
    if halt is None:
        raise UserError(f"{history.project} is not halted: there is nothing to skip")
    data = EventSkipped(request=new_request(), who=who(), why=why, event=halt.event, content=halt.content)
    await ask(log, history, data)


def halted_at(histories: Mapping[str, History], event: str) -> History:
    """The project that this event halts. `event` is its id, or its place in the log. Raises UserError."""
    halted = {name: history for name, history in histories.items() if history.halt is not None}
    place = _place(event)
    for history in halted.values():
        assert history.halt is not None
        if event == history.halt.event or (place is not None and place == _place(history.halt.position)):
            return history
    events = [f"{history.halt.event} ({name})" for name, history in halted.items() if history.halt]
    raise UserError(f"no project is halted at {event}: {'; '.join(events) or 'no project is halted'}")


def _place(text: str) -> tuple[int, int] | None:
    """The partition and the offset in a text such as `5:52`, or as `status` shows them."""
    place = PLACE.fullmatch(text.strip())
    return (int(place["partition"]), int(place["offset"])) if place else None


async def ask(log: Log, history: History, *requests: OperatorEvent) -> None:
    """Append an operator's requests together."""
    cause = history.state.latest_id
    await log.append(*(new_event(history.project, data, source=SOURCE, cause=cause) for data in requests))


def new_request() -> str:
    """A new id for a request."""
    return str(uuid.uuid4())


def who() -> str:
    """The user of this machine, for the log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


async def set_standing(
    log: Log, histories: Mapping[str, History], name: str, word: str, why: str = ""
) -> int:
    """Say by a word whether a person may answer, in each project not told so yet. Returns in how many.

    After a kill say it again: until then the projects to which it was said speak for the others.
    """
    data = next(said_of({name: word}, new_request(), who(), why))
    number = 0
    for history, state in all_created(histories.values()):
        if not history.is_away and _word(state, name) != word:
            await log.append(new_event(history.project, data, source=SOURCE, cause=state.latest_id))
            number += 1
    return number


def _word(state: LoopState, name: str) -> str:
    standing = state.standings.get(name)
    return THERE if standing is None else standing.word
