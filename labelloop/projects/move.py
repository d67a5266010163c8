"""Move a project with its history from one log to another. It continues in the new log."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.retention import kept_predictions
from labelloop.loop.settings_in_force import snapshots as snapshots_of
from labelloop.projects.catalog import SOURCE, choose, created, read_histories, sound
from labelloop.projects.operator_requests import new_request, who
from labelloop.projects.replay import ReplayEnd, replay_until
from labelloop.store import SnapshotLost, Store, copy_snapshots
from schemas.envelope import Event, new_event
from schemas.events import ProjectMoved

TRIES = 20
NEVER = 1
"""A count of events that is wrong for every project that has moved."""


@dataclass(frozen=True)
class LogSide:
    """A log and its URL. Its store is opened only when needed, because its address may be unknown."""

    log: Log
    address: str
    store: Callable[[], Store]


@dataclass(frozen=True)
class Moved:
    """The result of a move: how many events and snapshots were copied, and both loop digests."""

    project: str
    events: int
    snapshots: int
    source_digest: str
    target_digest: str


async def move(source: LogSide, target: LogSide, name: str | None, why: str = "") -> Moved:
    """Move a project. Run it again if it was interrupted.

    Raises Unavailable. Raises UserError, before anything is written, unless the target's events of the
    project are a prefix of the source's.
    """
    source_identity, target_identity = await source.log.identity(), await target.log.identity()
    if source_identity == target_identity:
        raise UserError(
            f"{source.address} and {target.address} are the same log: give another one to copy to"
        )
    history = _movable(await read_histories(source.log), name, target_identity)
    project = history.project
    _check_prefix(history, await _history(target.log, project), target.address)
    state = created(history)
    snapshots = copy_snapshots(source.store(), target.store(), snapshots_of(state))
    for predictions in kept_predictions(state):
        with suppress(SnapshotLost):
            copy_snapshots(source.store(), target.store(), [predictions])
    history = await leave(source.log, project, target.address, target_identity, why)
    events = await _copy(source.log, target.log, history, target.address)
    arrived = await _history(target.log, project)
    return Moved(project, events, snapshots, loop_digest(history.state), loop_digest(sound(arrived)))


def _movable(histories: Mapping[str, History], name: str | None, there: str) -> History:
    """The project, which is active in the source or was moved from there to this target."""
    history = choose(histories, name)
    if not _has_left_for(history, there):
        sound(history)
    return history


def _has_left_for(history: History, there: str) -> bool:
    moved = history.moved
    return history.halt is None and history.is_away and moved is not None and moved.log == there


def _has_just_come(history: History) -> bool:
    """Whether nothing followed the move to this log.

    A move back at once would look like one that moved nothing, for readers to whom the event that came in
    between may also be a void one of their own log. So something has to stand before it.
    """
    return history.moved is not None and history.moved.events == len(history.datahashes) - 1


async def leave(log: Log, project: str, address: str, there: str, why: str) -> History:
    """Append ProjectMoved unless the log has it. Returns the history up to and including it.

    A project that has just come gets one before it that moves nothing.

    `address` and `there`: the URL and the identity of the log that the project moves to. Raises UserError.
    """
    for _ in range(TRIES):
        history = await _history(log, project)
        if _has_left_for(history, there):
            return history
        moved = ProjectMoved(
            request=new_request(),
            who=who(),
            why=why,
            log=there,
            address=address,
            events=NEVER if _has_just_come(history) else len(history.datahashes),
        )
        sound(history)
        await log.append(new_event(project, moved, source=SOURCE, cause=history.newest), fence=True)
    raise UserError(f"{project} gets new events too fast to be moved: pause it, then try again")


async def _copy(source: Log, target: Log, history: History, address: str) -> int:
    """Append the events that the target lacks, all or none. Returns how many."""
    there = await _history(target, history.project)
    _check_prefix(history, there, address)
    lacking = list(history.datahashes)[len(there.datahashes) :]
    if lacking:
        await target.append(*await _taken(source, history, set(lacking)))
    return len(lacking)


@dataclass(repr=False)
class _Taking(History):
    """A History that keeps the events of these ids, in its order."""

    ids: AbstractSet[str] = frozenset()
    taken: list[Event] = field(default_factory=list)

    def _count(self, event: Event) -> None:
        super()._count(event)
        if event.id in self.ids:
            self.taken.append(event)


async def _taken(log: Log, history: History, ids: AbstractSet[str]) -> list[Event]:
    """The events of these ids as the history took them, and not a duplicate with another time or source."""
    taking = _Taking(history.project, history.log_identity, ids=ids)
    await replay_until(log, taking, ReplayEnd())
    return taking.taken


def _check_prefix(source: History, target: History, address: str) -> None:
    if target.halt is not None:
        raise UserError(f"the project {target.project} is {target.halt} in {address}")
    copied = list(target.datahashes.items())
    if copied != list(source.datahashes.items())[: len(copied)]:
        raise UserError(
            f"{address} has events of {target.project} that are not in the log to copy from: "
            "continue the project there, or copy from there"
        )


async def _history(log: Log, project: str) -> History:
    history = History(project, await log.identity())
    await replay_until(log, history, ReplayEnd())
    return history
