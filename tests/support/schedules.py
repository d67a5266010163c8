"""A loop at some point of its course, and what is due there."""

from collections.abc import Callable

from labelloop.loop.schedule import (
    next_batch,
    next_model,
)
from tests.support.loops import Loop, mixed, project


def begun(gold: Callable[[int], str | None] = mixed, **options: int | None) -> Loop:
    return Loop(project(**options), gold)  # type: ignore[arg-type]


def items_of(loop: Loop, batch: str) -> list[int]:
    return [pick.item for pick in loop.state.batches[batch].queried.items]


def answer_all(loop: Loop, batch: str, *labels: str) -> None:
    """The batch's texts get these labels in turn."""
    items = items_of(loop, batch)
    loop.answer(
        loop.state.batches[batch],
        {item: (labels[position % len(labels)],) for position, item in enumerate(items)},
    )


def due_batch(loop: Loop) -> tuple[str, str | None] | None:
    work = next_batch(loop.state)
    return None if work is None else (work.batch, work.model)


def due_model(loop: Loop) -> str | None:
    work = next_model(loop.state)
    return None if work is None else work.model


def at_the_end(lookahead: int = 0) -> Loop:
    loop = begun(max_batches=2, batch_size=4, lookahead=lookahead)
    loop.finish()
    return loop
