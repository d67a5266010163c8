"""Estimate a model's accuracy on the pool from texts drawn at random. Pure. See docs/audit.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labelloop.loop.figures import wilson
from labelloop.loop.labels import current
from labelloop.loop.names import number_of
from labelloop.loop.pools import pool_of_version
from labelloop.loop.schedule import is_last_queried, picked_by
from labelloop.loop.settings_in_force import lookahead_at
from labelloop.loop.state import Batch, Labels, LoopState, Trained


@dataclass(frozen=True)
class AuditSample:
    """Texts drawn at random from the `rest`, the texts that were in no earlier batch. All fields are counts.

    In earlier batches, `known` texts have a label, and the model is right on `known_right` of them. Of the
    `drawn` texts, `labelled` have a label (the others were discarded), and it is right on `right` of them.
    """

    known: int
    known_right: int
    rest: int
    drawn: int
    labelled: int
    right: int


@dataclass(frozen=True)
class Estimate:
    """The accuracy on all texts of the pool that people would label, with its 95 % interval."""

    accuracy: float
    low: float
    high: float


def estimate(samples: Sequence[AuditSample]) -> Estimate | None:
    """Estimate the accuracy of a model that learned none of the drawn texts. None: no drawn text has a label.

    Stratified (Cochran, Sampling Techniques, 1977, ch. 5): known texts are counted, the rest is estimated
    from each sample, and the estimates are averaged, weighted by size.
    """
    samples = [sample for sample in samples if sample.drawn]
    labelled = sum(sample.labelled for sample in samples)
    if not labelled:
        return None
    decided = labelled / sum(sample.drawn for sample in samples)
    counted = weight = guessed = fraction = 0.0
    for sample in samples:
        rest = sample.rest * decided
        share = sample.labelled / labelled
        counted += share * sample.known_right / (sample.known + rest)
        weight += share * rest / (sample.known + rest)
        guessed += sample.right / labelled * rest / (sample.known + rest)
        fraction += share * sample.drawn / sample.rest
    # Sums of floats may differ slightly.
    low, high = wilson(min(1.0, guessed / weight), labelled, fraction)
    accuracy = min(1.0, counted + guessed)
    return Estimate(
        accuracy=accuracy,
        low=min(accuracy, counted + weight * low),
        high=min(1.0, max(accuracy, counted + weight * high)),
    )


def scoring_batches(state: LoopState, trained: Trained) -> tuple[str, ...]:
    """The batches whose audit texts score a model: from the first it did not learn to the one it picked.

    Batches are left out if they may have been picked while an open batch held texts that it gave back later:
    those could not be drawn. Of a pool that grew meanwhile, only those of its newest version with an audit
    text that has a label. Empty if a batch is not done yet, if no audit text has a label, and for a model
    that belongs to no batch.
    """
    number = number_of(trained.first.model)
    if number is None:
        return ()
    last = _last_before_newer(state, number)
    if last >= state.numbered and (state.ended or is_last_queried(state)):
        last = state.numbered - 1
    expected = [state.batches.get(str(each)) for each in range(number + 1, last + 1)]
    batches = [batch for batch in expected if batch is not None and batch.done]
    if len(batches) < len(expected):
        return ()
    batches = [batch for batch in batches if not _gave_back(state, batch)]
    if not any(map(_audited, batches)):
        return ()
    labels = current(state)
    for version in dict.fromkeys(batch.queried.pool_version for batch in reversed(batches)):
        alike = [batch for batch in batches if batch.queried.pool_version == version]
        if any(_audited(batch) & labels.keys() for batch in alike):
            return tuple(batch.name for batch in alike)
    return ()


def pool_version(state: LoopState, batches: Sequence[str]) -> str:
    """The version of the pool from which these batches, of which all have the same, were picked."""
    return state.batches[batches[-1]].queried.pool_version


def texts(state: LoopState, batches: Sequence[str]) -> list[int]:
    """The labelled texts of these and all earlier batches, which the estimate needs."""
    labels, items = current(state), set[int]()
    for batch in _up_to(state, batches[-1]):
        items |= batch.kept_items & labels.keys()
    return sorted(items)


def samples(state: LoopState, batches: Sequence[str], predicted: Labels) -> Iterator[AuditSample]:
    """The random sample in each of the batches, scored with a model's labels for `texts`."""
    labels = current(state)
    right = {item for item, names in predicted.items() if labels.get(item) == names}
    pool = pool_of_version(state, pool_version(state, batches))
    before = set[int]()
    for batch in _up_to(state, batches[-1]):
        if batch.name in batches:
            drawn = _audited(batch)
            yield AuditSample(
                known=len(before & labels.keys()),
                known_right=len(before & right),
                rest=pool.size - len(before),
                drawn=len(drawn),
                labelled=len(drawn & labels.keys()),
                right=len(drawn & right),
            )
        before |= batch.kept_items


def _last_before_newer(state: LoopState, model: int) -> int:
    """The last batch that no newer model picks, which may still be to come."""
    lookahead = lookahead_at(state, state.numbered)
    if not lookahead.grows and not lookahead.since:
        return model + 1 + lookahead.batches
    picked = (batch for batch in range(model + 1, state.numbered) if picked_by(state, batch) > model)
    return next(picked, state.numbered + 1) - 1


def _audited(batch: Batch) -> frozenset[int]:
    """The batch's decided texts that were drawn at random."""
    return batch.kept_items & {picked.item for picked in batch.queried.items if picked.reason == "audit"}


def _gave_back(state: LoopState, batch: Batch) -> bool:
    """Whether a batch that may have been open when this one was picked gave texts back to the pool."""
    first = picked_by(state, batch.number) + 1
    before = (state.batches[str(number)] for number in range(first, batch.number))
    return any(other.items - other.kept_items for other in before)


def _up_to(state: LoopState, last: str) -> Iterator[Batch]:
    for batch in state.batches.values():
        yield batch
        if batch.name == last:
            return
