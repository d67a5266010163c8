"""Figures of a loop: learning curve, waits of annotators, a line for each batch, a share's interval. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from labelloop.loop.labels import of_answer
from labelloop.loop.names import number_of
from labelloop.loop.pools import sizes_by_version
from labelloop.loop.schedule import finished
from labelloop.loop.settings_in_force import for_next, is_test_changed
from labelloop.loop.state import Batch, LoopState
from schemas.events import ModelEvaluated, PredictionsRecorded
from schemas.fields import UNSAID

Z95 = 1.959964


@dataclass(frozen=True)
class Point:
    """A model's accuracy on the test set, and how many labels it had learned.

    `micro_f1` is known only where a text may have several labels; `accuracy` is then the share of texts whose
    labels are all right.
    """

    model: str
    labels: int
    accuracy: float
    macro_f1: float
    micro_f1: float | None = None

    def as_dict(self) -> dict[str, str | int | float]:
        """The figures that are known, as JSON values."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Audited:
    """A model's estimated accuracy on the whole pool, from `audited` texts, with its 95 % interval.

    `texts`: how many texts the pool had then, where it grew.
    """

    model: str
    labels: int
    accuracy: float
    low: float
    high: float
    audited: int
    texts: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; `texts` only where it is known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Spread:
    """The distribution of durations, in seconds."""

    p50: float
    p95: float
    max: float


def curve(state: LoopState) -> list[Point]:
    """The models that were evaluated on the test set in force, in the order of training."""
    by_test = curves(state)
    if is_test_changed(state):
        return by_test.get(test_set_in_force(state) or "", [])
    return [point for points in by_test.values() for point in points]


def curves(state: LoopState) -> dict[str, list[Point]]:
    """A curve for each test set, by its digest: accuracies on different texts cannot be compared."""
    order = {name: number for number, name in enumerate(state.models)}
    points: dict[str, list[Point]] = {}
    for (model, test), e in sorted(state.tested.items(), key=lambda each: order.get(each[0][0], 0)):
        point = Point(model, e.labels, e.accuracy, e.macro_f1, None if e.micro_f1 is UNSAID else e.micro_f1)
        points.setdefault(test, []).append(point)
    return points


def evaluation(state: LoopState, model: str) -> ModelEvaluated | None:
    """A model's figures on the test set in force, or else on the one that it was last evaluated on."""
    return state.tested.get((model, test_set_in_force(state) or "")) or state.evaluations.get(model)


def predictions(state: LoopState) -> dict[str, PredictionsRecorded]:
    """What was recorded of each model, in the order of training: with the test set in force, or else last."""
    newest = {model: recorded for (model, _), recorded in state.predictions.items()}
    in_force = test_set_in_force(state) or ""
    return {
        model: state.predictions.get((model, in_force), newest[model])
        for model in state.models
        if model in newest
    }


def test_set_in_force(state: LoopState) -> str | None:
    """The digest of the test set in force."""
    test = for_next(state).test
    return test.digest if test else None


def name_of_test_set(state: LoopState, digest: str) -> str | None:
    """What to call a test set where there were several: the beginning of its digest. None: there is one."""
    return digest[:8] if is_test_changed(state) else None


def audits(state: LoopState) -> list[Audited]:
    """The audited models in the order of training."""
    estimates = (state.audits.get(name) for name in state.models)
    sizes = sizes_by_version(state)
    return [
        Audited(a.model, a.labels, a.accuracy, a.low, a.high, a.audited, sizes.get(a.pool_version or ""))
        for a in estimates
        if a is not None
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
            (labelled.discard if of_answer(answer) is None else labelled.add)(answer.item)
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


@dataclass(frozen=True)
class BatchLine:
    """A batch's figures, with durations in seconds. None if there is no value.

    `name` is the batch, or a final model that belongs to no batch.
    """

    name: str
    labels: int
    accuracy: float | None
    trained: float | None
    picked: float | None
    waited: float | None


def batch_lines(state: LoopState) -> Iterator[BatchLine]:
    """The complete lines: of batches that are learned and, if there is a test set, evaluated."""
    waited = waits(state)
    is_finished = finished(state)
    for name, batch in state.batches.items():
        skipped = number_of(name) in state.skipped
        if is_tested(state, name) or (batch.done and (skipped or (is_finished and name not in state.models))):
            yield _line(state, name, batch.queried.seconds, waited.get(name))
    for name in state.models:
        if name not in state.batches and is_tested(state, name):
            yield _line(state, name, None, None)


def is_tested(state: LoopState, model: str) -> bool:
    """Whether the model exists, and no evaluation of it is outstanding."""
    if model not in state.models:
        return False
    return model in state.evaluations or test_set_in_force(state) is None or _is_passed_over(state, model)


def _is_passed_over(state: LoopState, model: str) -> bool:
    """Whether the model was skipped: models are evaluated in order, and a newer one already was."""
    names = list(state.models)
    newer = names[names.index(model) + 1 :]
    return len(state.models[model].attempts) == 1 and any(name in state.evaluations for name in newer)


def _line(state: LoopState, name: str, picked: float | None, waited: float | None) -> BatchLine:
    trained = state.models.get(name)
    evaluated = evaluation(state, name)
    return BatchLine(
        name=name,
        labels=trained.first.labels if trained else labels_up_to(state, name),
        accuracy=evaluated.accuracy if evaluated else None,
        trained=trained.first.seconds if trained else None,
        picked=picked,
        waited=waited,
    )


def wilson(share: float, size: int, fraction: float = 0.0) -> tuple[float, float]:
    """The 95 % Wilson interval of a share in a sample of `size` (Wilson 1927).

    `fraction`: the sampled fraction of the population, for the finite population correction (Cochran 1977,
    ch. 3).
    """
    if fraction >= 1:
        return share, share
    doubt = Z95**2 * (1 - fraction) / size
    centre = (share + doubt / 2) / (1 + doubt)
    half = sqrt(doubt * share * (1 - share) + doubt**2 / 4) / (1 + doubt)
    return max(0.0, centre - half), min(1.0, centre + half)
