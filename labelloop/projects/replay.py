"""Replay a project's history up to a point, and verify the log and the files it names."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from labelloop.errors import TaskError, UserError, counted
from labelloop.log.base import Log
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import ChainedHistory, History
from labelloop.loop.log_digest import LogDigest
from labelloop.loop.proof import Proof
from labelloop.loop.settings_in_force import snapshots
from labelloop.loop.state import LoopState, NotCreated
from labelloop.store import Store
from labelloop.store.artifacts import ModelDamaged, ModelMissing, file_digest, verify
from schemas.envelope import Event
from schemas.events import ModelTrained
from schemas.parts import Snapshot


@dataclass(frozen=True)
class ReplayEnd:
    """Where a replay ends: after an event, at a time, or when a batch was first done."""

    event: str | None = None
    time: datetime | None = None
    batch: str | None = None

    def is_over(self, event: Event) -> bool:
        """Whether the event comes after the end."""
        return self.time is not None and event.time > self.time

    def is_reached(self, history: History, event: Event) -> bool:
        """Whether the replay ends with this event."""
        state = history.state
        batch = None
        if self.batch is not None and isinstance(state, LoopState):
            batch = state.batches.get(self.batch)
        return event.id == self.event or (batch is not None and batch.done)


async def replay_until(log: Log, history: History, until: ReplayEnd) -> None:
    """Feed the project's events to an empty history. Raises UserError if the end is never reached."""
    reached = until.event is None and until.batch is None
    async for record in log.read(history.project):
        event = record.event
        if event is None:
            continue
        if until.is_over(event):
            break
        history.add(event, record.position)
        if until.is_reached(history, event):
            reached = True
            break
    if not reached:
        missing = f"event {until.event}" if until.event is not None else f"batch {until.batch} done"
        raise UserError(f"{history.project} does not have {missing}: see `labelloop events`")


@dataclass(frozen=True)
class Verified:
    """What was verified. `models` are in the store, `gone` ones are not; None if the store was not read."""

    events: int
    digest: str
    models: int | None
    gone: int | None
    duplicates: int
    conflicts: int


async def read_again(log: Log, history: History) -> History:
    """The same project, with what was appended since."""
    again = ChainedHistory(history.project, await log.identity())
    await replay_until(log, again, ReplayEnd())
    return again


async def proven(proof: Proof, store: Store | None) -> Verified:
    """Check the proof of the log, and the pools and models in the store.

    Raises UserError naming the first event that is wrong, or whose model or pool is damaged.
    """
    if proof.halt is not None:
        raise UserError(f"not verified: {proof.project} is {proof.halt}")
    for (event, content), position in proof.damaged.items():
        if content not in proof.skips.get(event, {}):
            raise UserError(
                f"not verified: event {event} ({position}) is damaged: put back a copy of the log"
            )
    models, gone = await asyncio.to_thread(_check_files, proof, store) if store else (None, None)
    digest = loop_digest(proof.state)
    return Verified(len(proof.datahashes), digest, models, gone, proof.duplicates, proof.conflicts)


async def check_beginning(log: Log, project: str, expected: Sequence[LogDigest]) -> None:
    """Check that a project's log begins with the events of these digests. Raises UserError if it does not."""
    history = ChainedHistory(project, await log.identity())
    await replay_until(log, history, ReplayEnd())
    count = history.state.log.events
    for beginning in expected:
        if beginning.events > count:
            raise UserError(
                f"not verified: {project} has {counted(count, 'event')}, and {beginning.events} are "
                "expected: the end of its log is missing; put back a copy"
            )
        if not history.begins_with(*beginning):
            raise UserError(
                f"not verified: the first {beginning.events} events of {project} are not those of "
                f"{beginning.digest}: its log was changed; put back a copy"
            )


def _check_files(history: History, store: Store) -> tuple[int, int]:
    """How many models are intact, and how many are gone."""
    state = history.state
    if isinstance(state, NotCreated):
        return 0, 0
    added = {growth.snapshot: growth.id for growth in state.grown}
    for snapshot in snapshots(state):
        _check_snapshot(store, snapshot, added.get(snapshot, state.created_id))
    are_kept = [_is_kept(store, trained, event) for trained, event in _attempts(state)]
    return sum(are_kept), len(are_kept) - sum(are_kept)


def _attempts(state: LoopState) -> Iterator[tuple[ModelTrained, str]]:
    for trained in state.models.values():
        yield from zip(trained.attempts, trained.ids, strict=True)


def _check_snapshot(store: Store, snapshot: Snapshot, event: str) -> None:
    try:
        digest = file_digest(store.snapshot(snapshot))
    except FileNotFoundError as error:
        raise UserError(f"not verified: the pool {error.filename} of event {event} is missing") from error
    if digest != snapshot.digest:
        where = store.address(snapshot.uri)
        raise UserError(f"not verified: the pool {where} is not the one of event {event}: put back a copy")


def _is_kept(store: Store, trained: ModelTrained, event: str) -> bool:
    """Whether the model is still there. Raises UserError if it is damaged."""
    try:
        folder = store.find_model(trained)
        if folder is not None:
            verify(folder, trained.sha256)
    except ModelMissing:  # The trainer has just removed it.
        return False
    except (ModelDamaged, TaskError) as error:
        raise UserError(
            f"not verified: model {trained.model} of event {event} is damaged ({error}): "
            "remove its folder; the model is trained again when it is needed"
        ) from error
    return folder is not None
