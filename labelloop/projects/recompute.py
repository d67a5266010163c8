"""Measure kept models on the test set again, and compare with the recorded figures."""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labelloop.learner.requests import EvaluateResult
from labelloop.learner.worker import Worker
from labelloop.loop.state import LoopState
from labelloop.projects.learner_requests import evaluate_request
from labelloop.store import Store
from schemas.events import ModelEvaluated


@dataclass(frozen=True)
class Remeasured:
    """A model's accuracy now, and each figure that `changed`: as it was recorded, and as it is now."""

    model: str
    attempt: int
    accuracy: float
    changed: Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class Recomputed:
    """The models that were measured again. `gone`: how many measured models the store no longer has."""

    models: tuple[Remeasured, ...]
    gone: int


async def recompute(store: Store, state: LoopState) -> Recomputed:
    """Measure again each model whose figures are in the log. Raises UserError and TaskError."""
    if state.project.test is None:
        return Recomputed((), len(state.evaluations))
    remeasured = []
    test = await asyncio.to_thread(store.snapshot, state.project.test)
    threads = max((trained.latest.threads for trained in state.models.values()), default=1)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder, closing(Worker(threads)) as worker:
        for recorded in state.evaluations.values():
            trained = state.models[recorded.model].attempts[recorded.attempt]
            model_folder = await asyncio.to_thread(store.find_model, trained)
            if model_folder is not None:
                request = evaluate_request(
                    state,
                    recorded.model,
                    model_folder,
                    trained.sha256,
                    test=test,
                    threads=trained.threads,
                    cache=Path(folder),
                )
                remeasured.append(_compared(recorded, await worker.run(request)))
    return Recomputed(tuple(remeasured), len(state.evaluations) - len(remeasured))


def _compared(recorded: ModelEvaluated, now: EvaluateResult) -> Remeasured:
    pairs: dict[str, tuple[object, object]] = {
        "accuracy": (recorded.accuracy, now.accuracy),
        "macro-F1": (recorded.macro_f1, now.macro_f1),
        "confusion": (recorded.confusion, tuple(map(tuple, now.confusion))),
        "size": (recorded.size, now.size),
    }
    for label, figures in recorded.per_class.items():
        for name in ("precision", "recall", "f1", "support"):
            pairs[f"{name} of {label}"] = getattr(figures, name), now.per_class.get(label, {}).get(name)
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Remeasured(recorded.model, recorded.attempt, now.accuracy, changed)
