"""The pool of a project at a point of its loop: what it began with, and what was added to it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from labelloop.loop.names import number_of
from labelloop.loop.state import Growth, LoopState
from schemas.events import PoolGrown
from schemas.parts import Snapshot


@dataclass(frozen=True)
class Pool:
    """Snapshots in their order. An item is the number of a row over all of them."""

    snapshots: tuple[Snapshot, ...]

    @property
    def size(self) -> int:
        """How many texts it has."""
        return sum(snapshot.size for snapshot in self.snapshots)

    @property
    def version(self) -> str:
        """The digest of the newest snapshot, which is another one after it grew."""
        return self.snapshots[-1].digest

    @property
    def has_grown(self) -> bool:
        return len(self.snapshots) > 1


def grown(state: LoopState, data: PoolGrown, event_id: str) -> tuple[Growth, ...]:
    """What the pool grew by, with this event if it was made for the pool as it is."""
    pool = pool_of(state)
    if data.after != pool.version or data.snapshot.digest in {each.digest for each in pool.snapshots}:
        return state.grown
    before = (growth.from_batch for growth in state.grown)
    first = max(data.from_batch, state.numbered, *before)
    return (*state.grown, Growth(event_id, first, data.snapshot))


def pool_of(state: LoopState) -> Pool:
    """The pool with all that was added to it."""
    return Pool((state.project.pool, *(growth.snapshot for growth in state.grown)))


def pool_at(state: LoopState, batch: int) -> Pool:
    """The pool from which a numbered batch is picked."""
    grown = (growth.snapshot for growth in state.grown if growth.from_batch <= batch)
    return Pool((state.project.pool, *grown))


def pool_for_next(state: LoopState) -> Pool:
    """The pool from which the next batch is picked."""
    return pool_at(state, state.numbered)


def pool_for_learned(state: LoopState, learned: Mapping[str, int]) -> Pool:
    """The pool for a model of these batches: that of the newest numbered one.

    What a training makes of texts without labels so depends on what it learns, and not on when it runs.
    """
    return pool_at(state, max((number_of(name) or 0 for name in learned), default=0))


def pool_of_version(state: LoopState, version: str) -> Pool:
    """The pool as it was when it had this version."""
    snapshots = pool_of(state).snapshots
    digests = [snapshot.digest for snapshot in snapshots]
    return Pool(snapshots[: digests.index(version) + 1])


def sizes_by_version(state: LoopState) -> Mapping[str, int]:
    """How many texts the pool had in each of its versions."""
    snapshots = pool_of(state).snapshots
    sizes = accumulate(snapshot.size for snapshot in snapshots)
    return {snapshot.digest: size for snapshot, size in zip(snapshots, sizes, strict=True)}
