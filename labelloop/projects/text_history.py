"""Why a text was asked, what people answered, and which models came later, from the log alone. Pure."""

from collections.abc import Iterator
from typing import Any

from labelloop.loop.labels import at_revisions, current
from labelloop.loop.state import Batch, LoopState, Trained


def reasons(state: LoopState, item: int) -> dict[str, Any]:
    """As JSON values: each time the text was asked, its current label, and the models `since`."""
    asked = [batch for batch in state.batches.values() if item in batch.items]
    labels = current(state).get(item)
    return {
        "project": state.project_id,
        "item": item,
        "asked": [_asked(batch, item) for batch in asked],
        "labels": list(labels) if labels else None,
        "models": [_model(state, trained, item) for trained in since(state, item)],
    }


def since(state: LoopState, item: int) -> Iterator[Trained]:
    """The model that first picked the text, and all models trained after it."""
    first = next((batch for batch in state.batches.values() if item in batch.items), None)
    for name, trained in state.models.items():
        if first is not None and (name == first.queried.model or trained.at >= first.queried_at):
            yield trained


def _asked(batch: Batch, item: int) -> dict[str, Any]:
    queried = batch.queried
    picked = next(picked for picked in queried.items if picked.item == item)
    answer = next((answer for answer in batch.answers if answer.item == item), None)
    decided = batch.revisions[-1].items if batch.revisions else ()
    verdict = next((answer for answer in decided if answer.item == item), None)
    return {
        "batch": batch.name,
        "rank": picked.rank,
        "time": batch.queried_at.isoformat(),
        "reason": picked.reason,
        "score": picked.score,
        "strategy": queried.strategy,
        "seed": queried.seed,
        "model": queried.model,
        "attempt": queried.attempt,
        "predicted": list(picked.predicted),
        "probability": picked.probability,
        "suggested": picked.suggested,
        "texts": len(queried.items),
        "done": batch.done,
        "revisions": len(batch.revisions),
        "votes": [
            {
                "annotator": vote.username,
                "status": vote.status,
                "labels": list(vote.labels),
                "time": vote.time.isoformat() if vote.time else None,
            }
            for vote in (answer.votes if answer else ())
        ],
        "labels": list(verdict.labels) if verdict else None,
        "discarded": verdict.discarded if verdict else None,
        "agreement": verdict.agreement if verdict else None,
    }


def _model(state: LoopState, trained: Trained, item: int) -> dict[str, Any]:
    return {
        "model": trained.latest.model,
        "attempt": trained.latest.attempt,
        "labels": trained.latest.labels,
        "learned_it": item in at_revisions(state, trained.learned),
    }
