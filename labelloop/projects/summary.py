"""A summary of a project's state. Pure."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import Any

from labelloop.loop.digest import loop_digest
from labelloop.loop.figures import audits
from labelloop.loop.history import History
from labelloop.loop.labels import current
from labelloop.loop.order import finished, open_batches
from labelloop.loop.relabels import decided
from labelloop.loop.state import LoopState, Trained
from labelloop.projects.catalog import name_of
from labelloop.store.opening import without_credentials


def overview(history: History, store: str | None) -> dict[str, Any]:
    """Batches, labels, latest model and its folder, accuracy, digest and failures, as JSON values.

    `audit` is the one of the newest audited model. The model's folder is relative to the store if the store's
    address is unknown.
    """
    state = history.state
    opened = len(open_batches(state))
    trained = state.models.get(state.latest_model) if state.latest_model else None
    audited = audits(state)
    evaluation = state.evaluations.get(state.latest_model) if state.latest_model else None
    return {
        "project": history.project,
        "name": name_of(history),
        "halted": str(history.halt) if history.halt else None,
        "moved": history.inactive_because if history.is_away else None,
        "paused": state.paused,
        "ended": bool(state.ended),
        "finished": state.project is not None and finished(state),
        "batches": {"done": len(state.batches) - opened, "open": opened},
        "labels": len(current(state)),
        "discarded": _discarded(state),
        "pool": state.project.pool.size if state.project else 0,
        "model": state.latest_model,
        "model_folder": _folder(store, trained.latest.artifact) if trained else None,
        "accuracy": evaluation.accuracy if evaluation else None,
        "audit": asdict(audited[-1]) if audited else None,
        "stopping": _stopping(state),
        "digest": loop_digest(state),
        "conflicts": history.conflicts,
        "duplicates": history.duplicates,
        "failures": _failures(state),
    }


def _stopping(state: LoopState) -> dict[str, Any] | None:
    """The criterion's latest value, and the number of labels at which it last began to say stop."""
    checks = [state.checks[name] for name in state.models if name in state.checks]
    if not checks:
        return None
    last = checks[-1]
    return {
        "criterion": last.criterion,
        "model": last.model,
        "value": last.value,
        "stop": last.stop,
        "advised_at": state.advised.labels if state.advised else None,
    }


def _folder(store: str | None, artifact: str) -> str:
    return artifact if store is None else f"{without_credentials(store).rstrip('/')}/{artifact}"


def _discarded(state: LoopState) -> int:
    return sum(1 for _, answer in decided(state) if answer.discarded)


def _failures(state: LoopState) -> list[dict[str, Any]]:
    """The last failure of each piece of work that has not been done since."""
    latest = _latest_success(state)
    return [
        {"service": service, "due": due, "error": failure.event.error, "attempt": failure.event.attempt}
        for (service, due), failure in state.failures.items()
        if latest is None or failure.at > latest
    ]


def _latest_success(state: LoopState) -> datetime | None:
    times = [trained.at for trained in state.models.values()]
    times += [batch.annotated_at or batch.queried_at for batch in state.batches.values()]
    return max(times, default=None)


def standing(history: History) -> dict[str, Any]:
    """The state as JSON values. `items`: labels by pool item. `annotators`: valid answers by status."""
    state, labels = history.state, current(history.state)
    return {
        "project": history.project,
        "name": name_of(history),
        "events": len(history.seen),
        "halted": str(history.halt) if history.halt else None,
        "moved": history.inactive_because if history.is_away else None,
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
