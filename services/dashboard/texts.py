"""The rows of a batch's texts: why each was asked, and what people said. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelloop.loop.label_lists import label_list
from labelloop.loop.labels import named, of_answer
from labelloop.loop.state import Batch, LoopState


@dataclass(frozen=True)
class TextRow:
    """A text that a batch asks for. `label`: what people decided, if they did. `people`: who answered."""

    item: int
    rank: int
    reason: str
    score: float | None
    model: str | None
    predicted: str | None
    probability: float | None
    asked: str
    label: str | None
    discarded: bool
    agreement: float | None
    people: str
    answers: int


def rows_of(state: LoopState, batch: Batch) -> Iterator[TextRow]:
    """A row for each text of the batch, in its order."""
    listed = label_list(state)
    answers = {answer.item: answer for answer in batch.answers}
    decided = {answer.item: answer for answer in (batch.revisions[-1].items if batch.revisions else ())}
    for picked in batch.queried.items:
        answer, verdict = answers.get(picked.item), decided.get(picked.item)
        votes = answer.votes if answer else ()
        labels = of_answer(verdict) if verdict else None
        yield TextRow(
            item=picked.item,
            rank=picked.rank,
            reason=picked.reason,
            score=picked.score,
            model=batch.queried.model,
            predicted=named(listed.show(picked.predicted)) if picked.predicted else None,
            probability=picked.probability,
            asked=batch.queried_at.isoformat(),
            label=None if labels is None else named(listed.show(labels)),
            discarded=bool(verdict and verdict.discarded),
            agreement=verdict.agreement if verdict else None,
            people="\n".join(sorted({vote.username for vote in votes})),
            answers=sum(vote.status != "draft" for vote in votes),
        )
