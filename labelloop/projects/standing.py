"""What a project's events have come to: labels, open batches, models, and who labelled what. Pure."""

from collections import Counter
from typing import Any

from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.labels import current
from labelloop.loop.order import open_batches
from labelloop.loop.state import LoopState, Trained
from labelloop.projects.catalog import name_of


def standing(history: History) -> dict[str, Any]:
    """As JSON values; `items` are the labels by pool item, `annotators` the answers that count by status."""
    state, labels = history.state, current(history.state)
    return {
        "project": history.project,
        "name": name_of(history),
        "events": len(history.seen),
        "halted": str(history.halt) if history.halt else None,
        "moved": history.resting if history.is_away else None,
        "batches": {"done": len(state.batches) - len(open_batches(state)), "open": _opened(state)},
        "labels": dict(sorted(Counter(name for names in labels.values() for name in names).items())),
        "items": {str(item): list(names) for item, names in sorted(labels.items())},
        "annotators": _annotators(state),
        "models": [_model(state, trained) for trained in state.models.values()],
        "digest": loop_digest(state),
    }


def _opened(state: LoopState) -> list[dict[str, Any]]:
    return [
        {"batch": batch.name, "texts": len(batch.items), "answered": batch.answered}
        for batch in open_batches(state)
    ]


def _annotators(state: LoopState) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for batch in state.batches.values():
        for answer in batch.answers:
            for vote in answer.votes:
                found.setdefault(vote.username, Counter())[vote.status] += 1
    return {name: dict(sorted(found[name].items())) for name in sorted(found)}


def _model(state: LoopState, trained: Trained) -> dict[str, Any]:
    evaluation = state.evaluations.get(trained.latest.model)
    return {
        "model": trained.latest.model,
        "attempt": trained.latest.attempt,
        "labels": trained.latest.labels,
        "accuracy": evaluation.accuracy if evaluation else None,
        "folder": trained.latest.artifact,
        "lost": not trained.available,
    }
