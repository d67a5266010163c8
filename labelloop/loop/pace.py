"""How fast people answer, and whether they will have nothing to label before another batch is there. Pure.

It depends on times in the log alone: what is decided by it is recorded with the batch.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

from labelloop.loop.state import Batch, LoopState

RECORD_EVERY = timedelta(seconds=10)
"""How often the answers of a batch that is not done are recorded, at most."""
ON_SCREEN = timedelta(seconds=2)
"""How long it takes until people see a batch that is in the log."""
RECENT = 3
SHORTEST = 1.0


def runs_low(state: LoopState) -> bool:
    """Whether fewer texts wait for people than they answer until another batch is there."""
    return waiting_texts(state) < expected_answers(state)


def waiting_texts(state: LoopState) -> int:
    """How many texts wait for people, as far as their answers are recorded."""
    batches = (state.batches[str(number)] for number in range(state.annotated, state.numbered))
    wanted = state.project.min_submitted
    return sum(len(batch.items) - _decided(batch, wanted) for batch in batches if not batch.done)


def expected_answers(state: LoopState) -> float:
    """How many texts people answer until a batch that is picked now is on their screens.

    By their median pace in the last three batches, and the longest of the last three picks. It is 0 if no
    model has picked, or no batch that people were asked for is done.
    """
    pace = [len(batch.items) / seconds for batch, seconds in _answered(state)]
    newest = (state.batches[str(number)] for number in range(max(0, state.numbered - RECENT), state.numbered))
    picks = [batch.queried.seconds for batch in newest if batch.queried.model is not None]
    if not pace or not picks:
        return 0.0
    unseen = (RECORD_EVERY + ON_SCREEN).total_seconds()
    return median(pace) * (max(picks) + unseen)


def _decided(batch: Batch, wanted: int) -> int:
    return sum(sum(vote.status != "draft" for vote in answer.votes) >= wanted for answer in batch.answers)


def _answered(state: LoopState) -> Iterator[tuple[Batch, float]]:
    """The newest batches that are done, and in how many seconds people answered each."""
    first = max(state.project.given, state.annotated - RECENT)
    for number in range(first, state.annotated):
        batch, before = state.batches[str(number)], state.batches.get(str(number - 1))
        done = batch.annotated_at
        assert done is not None
        yield batch, max(SHORTEST, (done - _begun(batch, before, done)).total_seconds())


def _begun(batch: Batch, before: Batch | None, done: datetime) -> datetime:
    """When people could turn to a batch: once it was there, and the one before was done."""
    opened = batch.revisions[0].opened or batch.queried_at
    opened = opened if opened.tzinfo else opened.replace(tzinfo=UTC)
    begun = batch.queried_at if opened > done else opened  # Argilla's clock is another.
    return max(begun, before.annotated_at) if before is not None and before.annotated_at else begun
