"""How fast people answer, and whether they will have nothing to label before another batch is there. Pure.

It depends on times in the log alone: what is decided by it is recorded with the batch.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from labelloop.loop.settings_in_force import decided_texts
from labelloop.loop.state import Batch, LoopState

RECORD_EVERY = timedelta(seconds=10)
"""How often the answers of a batch that is not done are recorded, at most."""
ON_SCREEN = timedelta(seconds=2)
"""How long it takes until people see a batch that is in the log."""
RECENT = 3
SHORTEST = 1.0
"""Seconds that a batch takes at least: two may be done at once."""


def runs_low(state: LoopState) -> bool:
    """Whether fewer texts wait for people than they answer until another batch is there."""
    return waiting_texts(state) < expected_answers(state)


def waiting_texts(state: LoopState) -> int:
    """How many texts wait for people, as far as their answers are recorded."""
    batches = (state.batches[str(number)] for number in range(state.annotated, state.numbered))
    return sum(len(batch.items) - decided_texts(state, batch) for batch in batches if not batch.done)


def expected_answers(state: LoopState) -> float:
    """How many texts people answer until a batch that is picked now is on their screens.

    By their pace in the last batches, and the longest of the last three picks. It is 0 if no model has
    picked, or no batch that people were asked for is done.
    """
    pace = _pace(state)
    newest = (state.batches[str(number)] for number in range(max(0, state.numbered - RECENT), state.numbered))
    picks = [batch.queried.seconds for batch in newest if batch.queried.model is not None]
    unseen = (RECORD_EVERY + ON_SCREEN).total_seconds()
    return pace * (max(picks) + unseen) if picks else 0.0


def _pace(state: LoopState) -> float:
    """How many texts people answer a second: in the last three batches, or of four without the slowest."""
    times = sorted(_answered(state), key=lambda answered: answered[1])[:RECENT]
    texts = sum(len(batch.items) for batch, _ in times)
    return texts / sum(seconds for _, seconds in times) if times else 0.0


def _answered(state: LoopState) -> Iterator[tuple[Batch, float]]:
    """The last four batches that are done, and in how many seconds people answered each."""
    first = max(state.project.given, state.annotated - RECENT - 1)
    for number in range(first, state.annotated):
        batch, before = state.batches[str(number)], state.batches.get(str(number - 1))
        done_at = batch.annotated_at
        assert done_at is not None
        yield batch, max(SHORTEST, (done_at - _begun(batch, before, done_at)).total_seconds())


def _begun(batch: Batch, before: Batch | None, done_at: datetime) -> datetime:
    """When people could turn to a batch: once it was there, and the one before was done."""
    opened = batch.revisions[0].opened or batch.queried_at
    opened = opened if opened.tzinfo else opened.replace(tzinfo=UTC)
    begun = batch.queried_at if opened > done_at else opened  # Argilla's clock is another.
    return max(begun, before.annotated_at) if before is not None and before.annotated_at else begun
