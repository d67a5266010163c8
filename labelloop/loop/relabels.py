"""Texts that people are asked for once more: batches of their own, outside the numbered ones. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelloop.loop.names import relabel_batch
from labelloop.loop.state import Batch, LoopState, Relabel
from schemas.parts import AnnotatedItem


@dataclass(frozen=True)
class NextRelabel:
    """A batch of texts that a request (its id is `cause`) asks for again."""

    batch: str
    items: tuple[int, ...]
    cause: str


def next_relabel(state: LoopState) -> NextRelabel | None:
    """The batch to make now: of the oldest request that has none. None during a pause."""
    waiting = () if state.paused else waiting_relabels(state)
    if not waiting:
        return None
    number = len(state.relabels) - len(waiting) + 1
    return NextRelabel(relabel_batch(number), waiting[0].items, waiting[0].id)


def waiting_relabels(state: LoopState) -> tuple[Relabel, ...]:
    """The requests whose batch is still to come, oldest first; none after an end."""
    return () if state.ended else state.relabels[len(state.batches) - state.numbered :]


def decided(state: LoopState) -> Iterator[tuple[Batch, AnnotatedItem]]:
    """The answers that count, each once, with their batches, in the order of the log."""
    last = {
        answer.item: batch.name
        for batch in state.batches.values()
        if batch.done and not batch.is_numbered
        for answer in batch.revisions[-1].items
    }
    for batch in state.batches.values():
        for answer in batch.revisions[-1].items if batch.done else ():
            if last.get(answer.item, batch.name) == batch.name:
                yield batch, answer
