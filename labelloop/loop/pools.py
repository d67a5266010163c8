"""The pool of a project at a point of its loop: what it began with, and what was added to it. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from labelloop.loop.labels import asked_items
from labelloop.loop.names import number_of
from labelloop.loop.state import Growth, LoopState, changed
from schemas.events import PoolGrown
from schemas.fields import UNSAID
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
    topic = None if data.topic is UNSAID else data.topic
    return (*state.grown, Growth(event_id, first, data.snapshot, topic))


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


def remaining(state: LoopState, most: int = sys.maxsize) -> int:
    """How many texts of the pool a new batch may still ask for; `most` if there are more."""
    size = pool_for_next(state).size
    return most if size - state.picks >= most else min(most, size - len(asked_items(state)))


def not_waiting(state: LoopState) -> LoopState:
    """The state, in which no text is for a later batch than the next one if that has no other texts.

    Otherwise the next batch, and with it the later one, would never be picked.
    """
    if not state.grown or state.grown[-1].from_batch <= state.numbered or remaining(state, 1):
        return state
    grown = (replace(each, from_batch=min(each.from_batch, state.numbered)) for each in state.grown)
    return changed(state, grown=tuple(grown))


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


@dataclass(frozen=True)
class TopicOfTexts:
    """A Kafka topic: how many texts of the pool came from it, and the offsets to read on at, by partition."""

    cluster: str
    topic: str
    texts: int = 0
    offsets: tuple[int, ...] = ()


def topics(state: LoopState) -> tuple[TopicOfTexts, ...]:
    """The topics from which texts came, in the order in which the first came."""
    by_topic: dict[tuple[str, str], TopicOfTexts] = {}
    for growth in state.grown:
        if growth.topic is not None:
            key = (growth.topic.cluster, growth.topic.topic)
            before = by_topic.get(key, TopicOfTexts(*key))
            # Partitions that this did not know are where they were.
            offsets = (*growth.topic.offsets, *before.offsets[len(growth.topic.offsets) :])
            by_topic[key] = replace(before, texts=before.texts + growth.snapshot.size, offsets=offsets)
    return tuple(by_topic.values())


def offsets_read(state: LoopState, cluster: str, topic: str) -> tuple[int, ...]:
    """The offsets at which a topic is to be read on, by partition. Empty if it was never read."""
    same = (each.offsets for each in topics(state) if (each.cluster, each.topic) == (cluster, topic))
    return next(same, ())
