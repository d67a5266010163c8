"""Figures of a loop: the learning curve, and how long the annotators waited. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from labelloop.loop.state import Batch, LoopState


@dataclass(frozen=True)
class Point:
    """A model's accuracy on the test set, and how many labels it had learned."""

    model: str
    labels: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class Audited:
    """A model's estimated accuracy on the whole pool, from `audited` texts, with its 95 % interval."""

    model: str
    labels: int
    accuracy: float
    low: float
    high: float
    audited: int


@dataclass(frozen=True)
class Spread:
    """The distribution of durations, in seconds."""

    p50: float
    p95: float
    max: float


def curve(state: LoopState) -> list[Point]:
    """The evaluated models in the order of training."""
    evaluations = (state.evaluations.get(name) for name in state.models)
    return [Point(e.model, e.labels, e.accuracy, e.macro_f1) for e in evaluations if e is not None]


def audits(state: LoopState) -> list[Audited]:
    """The audited models in the order of training."""
    estimates = (state.audits.get(name) for name in state.models)
    return [
        Audited(a.model, a.labels, a.accuracy, a.low, a.high, a.audited) for a in estimates if a is not None
    ]


def waits(state: LoopState) -> dict[str, float]:
    """Seconds, by batch, that annotators had nothing to label before it came, by Argilla's clock.

    It is 0 if the batch came before all earlier texts had their first answer. The first batch, batches with
    unknown times, and relabel batches are left out.
    """
    seconds: dict[str, float] = {}
    answered: datetime | None = None
    for batch in state.batches.values():
        if not batch.done or not batch.is_numbered:
            continue
        opened = batch.revisions[0].opened
        if answered is not None and opened is not None:
            seconds[batch.name] = max(0.0, (opened - answered).total_seconds())
        answered = max(filter(None, (answered, _last_vote(batch))), default=None)
    return seconds


def spread(seconds: Sequence[float]) -> Spread:
    """Median, 95th percentile (linear interpolation) and maximum. All are 0 if there are no values."""
    ordered = sorted(seconds)
    return Spread(_percentile(ordered, 0.5), _percentile(ordered, 0.95), ordered[-1] if ordered else 0.0)


def labels_up_to(state: LoopState, batch: str) -> int:
    """How many texts have a label up to this batch, by the current labels."""
    labelled = set[int]()
    for each in state.batches.values():
        for answer in each.revisions[-1].items if each.done else ():
            (labelled.add if answer.labels else labelled.discard)(answer.item)
        if each.name == batch:
            break
    return len(labelled)


def _last_vote(batch: Batch) -> datetime | None:
    times = (vote.time for answer in batch.revisions[0].items for vote in answer.votes)
    return max(filter(None, times), default=None)


def _percentile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return 0.0
    position = (len(ordered) - 1) * share
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
