"""A text's history in the loop: why it was asked, and what was answered. Pure."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from labelloop.loop.label_lists import LabelList, label_list
from labelloop.loop.labels import current, learned_labels
from labelloop.loop.state import Batch, LoopState, Trained
from schemas.fields import UNSAID
from schemas.model import plain

REASONS = {
    "cold-start": "drawn at random, before there was a model",
    "uncertain": "picked by the query strategy",
    "audit": "drawn at random, for an audit",
    "relabel": "asked again",
    "given": "imported with its label",
}


def reason_of(asking: Mapping[str, Any]) -> str:
    """Why a text was asked, in words."""
    if (asking["reason"], asking["strategy"]) == ("cold-start", "typical"):
        return "typical of texts that are like it, before there was a model"
    return REASONS.get(asking["reason"], str(asking["reason"]))


def reasons(state: LoopState, item: int) -> dict[str, Any]:
    """As JSON values: each time the text was asked, its current label, and the models `since`."""
    listed = label_list(state)
    asking_batches = [batch for batch in state.batches.values() if item in batch.items]
    labels = current(state).get(item)
    return {
        "project": state.project_id,
        "item": item,
        "asked": [{**_asking(batch, item, listed), **_choice(state, batch)} for batch in asking_batches],
        "labels": None if labels is None else list(listed.show(labels)),
        "models": [
            _learned_by(trained, learned_labels(state, trained), item) for trained in since(state, item)
        ],
    }


def since(state: LoopState, item: int) -> Iterator[Trained]:
    """The model that first picked the text, and all models trained after it."""
    first = next((batch for batch in state.batches.values() if item in batch.items), None)
    for name, trained in state.models.items():
        if first is not None and (name == first.queried.model or trained.at >= first.queried_at):
            yield trained


def _choice(state: LoopState, batch: Batch) -> dict[str, Any]:
    """Why this model picked the batch, where the lookahead grows."""
    chosen = state.chosen.get(batch.name)
    return {"lookahead": chosen and {"waiting": chosen.waiting, "expected": chosen.expected}}


def _asking(batch: Batch, item: int, listed: LabelList) -> dict[str, Any]:
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
        "shortlist": plain(queried.shortlist) if queried.shortlist and picked.reason == "uncertain" else None,
        "model": queried.model,
        "attempt": queried.attempt,
        "predicted": list(listed.show(picked.predicted)),
        "probability": picked.probability,
        "suggested": picked.suggested,
        "texts": len(queried.items),
        "done": batch.done,
        "revisions": len(batch.revisions),
        "votes": [
            {
                "annotator": vote.username,
                "status": vote.status,
                "labels": list(listed.show(vote.labels)),
                "time": vote.time.isoformat() if vote.time else None,
            }
            for vote in (answer.votes if answer else ())
        ],
        "labels": list(listed.show(verdict.labels)) if verdict else None,
        "discarded": verdict.discarded if verdict else None,
        "agreement": verdict.agreement if verdict else None,
        **({} if picked.probabilities is UNSAID else {"probabilities": list(picked.probabilities)}),
    }


def _learned_by(trained: Trained, learned: Container[int], item: int) -> dict[str, Any]:
    return {
        "model": trained.latest.model,
        "attempt": trained.latest.attempt,
        "labels": trained.latest.labels,
        "learned_it": item in learned,
    }
