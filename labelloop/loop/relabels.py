"""Relabelling: texts that people are asked for again, in batches outside the numbered ones. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelloop.loop.names import relabel_batch
from labelloop.loop.state import Batch, LoopState, Relabel
from schemas.parts import AnnotatedItem


@dataclass(frozen=True)
class NextRelabel:
    """A relabel batch for a request. `cause` is the request's id."""

    batch: str
    items: tuple[int, ...]
    cause: str


def next_relabel(state: LoopState) -> NextRelabel | None:
    """The relabel batch to create now, for the oldest request without one. None during a pause."""
    waiting = () if state.paused else waiting_relabels(state)
    if not waiting:
        return None
    number = len(state.relabels) - len(waiting) + 1
    return NextRelabel(relabel_batch(number), waiting[0].items, waiting[0].id)


def waiting_relabels(state: LoopState) -> tuple[Relabel, ...]:
    """The requests without a batch so far, oldest first. None are left after the project ended."""
    return () if state.ended else state.relabels[len(state.batches) - state.numbered :]


def decided(state: LoopState) -> Iterator[tuple[Batch, AnnotatedItem]]:
    """The answers that count, with their batches, in the order of the log."""
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
