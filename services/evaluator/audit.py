"""Which texts tell a model's accuracy on the pool, and what they come to. Pure; see docs/audit.md."""

from collections.abc import Iterator, Sequence

from labelloop.loop.estimates import Sample
from labelloop.loop.labels import current
from labelloop.loop.lookahead import picking_model
from labelloop.loop.order import is_last_queried
from labelloop.loop.state import Batch, Labels, LoopState, Trained


def scoring_batches(state: LoopState, trained: Trained) -> tuple[str, ...]:
    """The batches whose audit texts score a model: from what it learned up to the batch that it picked.

    Left out are those that were picked while a batch may have been open that gave texts back later: these
    could not be drawn. Empty while a batch is still to come or to be done, where none of the audit texts has
    a label, and of a model that stands outside the batches.
    """
    if state.project is None or not trained.first.model.isdecimal():
        return ()
    first = int(trained.first.model) + 1
    last = first + state.project.lookahead
    if last >= state.numbered and (state.ended or is_last_queried(state)):
        last = state.numbered - 1
    found = [state.batches.get(str(number)) for number in range(first, last + 1)]
    batches = [batch for batch in found if batch is not None and batch.done]
    if len(batches) < len(found):
        return ()
    batches = [batch for batch in batches if not _gave_back(state, batch)]
    drawn = frozenset[int]().union(*map(_audited, batches))
    if not drawn & current(state).keys():
        return ()
    return tuple(batch.name for batch in batches)


def texts(state: LoopState, batches: Sequence[str]) -> list[int]:
    """The labelled texts of these batches and of those before: all that the figures need."""
    labels, wanted = current(state), set[int]()
    for batch in _up_to(state, batches[-1]):
        wanted |= batch.kept & labels.keys()
    return sorted(wanted)


def samples(state: LoopState, batches: Sequence[str], predicted: Labels) -> Iterator[Sample]:
    """What was drawn at random in each of the batches, by a model's labels for `texts`."""
    assert state.project is not None
    labels = current(state)
    right = {item for item, names in predicted.items() if labels.get(item) == names}
    before = set[int]()
    for batch in _up_to(state, batches[-1]):
        if batch.name in batches:
            drawn = _audited(batch)
            yield Sample(
                known=len(before & labels.keys()),
                known_right=len(before & right),
                rest=state.project.pool.size - len(before),
                drawn=len(drawn),
                labelled=len(drawn & labels.keys()),
                right=len(drawn & right),
            )
        before |= batch.kept


def _audited(batch: Batch) -> frozenset[int]:
    """The batch's decided texts that were drawn at random."""
    return batch.kept & {picked.item for picked in batch.queried.items if picked.reason == "audit"}


def _gave_back(state: LoopState, batch: Batch) -> bool:
    """Whether texts went back of a batch that need not have been done when this one was picked."""
    assert state.project is not None
    first = picking_model(state.project, batch.number) + 1
    before = (state.batches[str(number)] for number in range(first, batch.number))
    return any(other.items - other.kept for other in before)


def _up_to(state: LoopState, last: str) -> Iterator[Batch]:
    for batch in state.batches.values():
        yield batch
        if batch.name == last:
            return
