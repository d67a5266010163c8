"""The projects in a log."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.history import History, all_created
from labelloop.loop.state import LoopState, Standing
from schemas.envelope import Event

SOURCE = "cli"
"""The source of the events that a person's command appends."""
NOWHERE = "nowhere"
"""The identity of no log: a deleted project has moved there."""


async def read_histories(
    log: Log, passing: Callable[[Event], None] = lambda event: None, with_deleted: bool = False
) -> dict[str, History]:
    """Every project's current history, by id, in the order of creation.

    `passing` is called with each event that is read. A project that was deleted from a shared log is left
    out, unless `with_deleted`.
    """
    log_identity = await log.identity()
    histories: dict[str, History] = {}
    async for record in log.read():
        if record.event is not None:
            passing(record.event)
            project = record.event.project
            history = histories.setdefault(project, History(project, log_identity))
            history.add(record.event, record.position)
    shown = [history for history in histories.values() if with_deleted or not is_deleted(history)]
    return {history.project: history for history in sorted(shown, key=_made_at)}


def is_deleted(history: History) -> bool:
    """Whether the project was deleted: it moved to no log."""
    return history.is_away and history.moved is not None and history.moved.log == NOWHERE


def _made_at(history: History) -> datetime:
    """When the project was created. Across partitions only times order projects."""
    state = history.state
    return state.created_at if isinstance(state, LoopState) else datetime.max.replace(tzinfo=UTC)


def name_of(history: History) -> str:
    """The project's name, or its id while the name is unknown."""
    return history.state.project.name if isinstance(history.state, LoopState) else history.project


def named(histories: Mapping[str, History], name: str) -> History | None:
    """The project with that id, or else the newest one with that name."""
    if name in histories:
        return histories[name]
    same = [history for history in histories.values() if name_of(history) == name]
    return same[-1] if same else None


def choose(histories: Mapping[str, History], name: str | None) -> History:
    """The project with that name or id, or the only project. Raises UserError."""
    project_names = ", ".join(histories)
    if name is not None:
        history = named(histories, name)
        if history is None:
            raise UserError(f"there is no project {name!r}: choose from {project_names or 'none yet'}")
        return history
    if not histories:
        raise UserError(
            "there is no project yet: create one with `labelloop init --dataset FILE --labels a,b`"
        )
    if len(histories) > 1:
        raise UserError(f"there are several projects: choose one with --project: {project_names}")
    return next(iter(histories.values()))


def sound(history: History) -> LoopState:
    """The project's state. Raises UserError if the project is halted or was never created."""
    if history.halt is not None:
        raise UserError(f"the project {history.project} is {history.halt}")
    if history.is_away:
        raise UserError(
            f"the project {history.project} has {history.inactive_because}: name that log with --log"
        )
    return created(history)


def created(history: History) -> LoopState:
    """The project's state, halted and moved or not. Raises UserError when it was never created."""
    if isinstance(history.state, LoopState):
        return history.state
    raise UserError(
        f"the log has no ProjectCreated of the project {history.project}: put back a copy of the log"
    )


def standings(histories: Mapping[str, History]) -> dict[str, Standing]:
    """What was said last of each person, in whichever project: a kill may have kept it from others."""
    newest: dict[str, Standing] = {}
    for _, state in all_created(histories.values()):
        for name, standing in state.standings.items():
            if name not in newest or newest[name].since < standing.since:
                newest[name] = standing
    return newest
