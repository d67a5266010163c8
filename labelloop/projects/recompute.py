"""Compute again what a log records, measured figures or a trained model, and compare."""

import asyncio
import json
import random
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from labelloop.errors import UserError
from labelloop.learner.requests import EvaluateResult, TrainResult
from labelloop.learner.worker import Worker
from labelloop.loop.names import expanded
from labelloop.loop.pools import pool_for_learned, pool_of
from labelloop.loop.settings_in_force import snapshots
from labelloop.loop.state import LoopState
from labelloop.projects.learner_requests import evaluate_request, predicted, predictions, train_request
from labelloop.store import Store
from labelloop.store.artifacts import MANIFEST
from schemas.events import ModelEvaluated, ModelTrained

SAMPLE = 500


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
    remeasured = []
    tests = {
        snapshot.digest: await asyncio.to_thread(store.snapshot, snapshot)
        for snapshot in snapshots(state)
        if snapshot.digest in {version for _, version in state.tested}
    }
    threads = max((trained.latest.threads for trained in state.models.values()), default=1)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder, closing(Worker(threads)) as worker:
        for recorded in state.tested.values():
            test = tests.get(recorded.test_version)
            trained = state.models[recorded.model].attempts[recorded.attempt]
            model_folder = await asyncio.to_thread(store.find_model, trained)
            if model_folder is not None and test is not None:
                request = evaluate_request(
                    state,
                    recorded.model,
                    model_folder,
                    trained.sha256,
                    test=test,
                    threads=trained.threads,
                    cache=Path(folder),
                )
                remeasured.append(_remeasured(recorded, await worker.run(request)))
    return Recomputed(tuple(remeasured), len(state.tested) - len(remeasured))


def _remeasured(recorded: ModelEvaluated, now: EvaluateResult) -> Remeasured:
    pairs: dict[str, tuple[object, object]] = {
        "accuracy": (recorded.accuracy, now.accuracy),
        "macro-F1": (recorded.macro_f1, now.macro_f1),
        "confusion": (recorded.confusion, tuple(map(tuple, now.confusion))),
        "size": (recorded.size, now.size),
    }
    if now.micro_f1 is not None:
        pairs["micro-F1"] = recorded.micro_f1, now.micro_f1
    for label, figures in recorded.per_class.items():
        for name in ("precision", "recall", "f1", "support"):
            pairs[f"{name} of {label}"] = getattr(figures, name), now.per_class.get(label, {}).get(name)
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return Remeasured(recorded.model, recorded.attempt, now.accuracy, changed)


@dataclass(frozen=True)
class PredictionDifference:
    """Over `texts` of the pool: how many get another label, and the mean difference of probabilities."""

    texts: int
    other_label: int
    probability: float


@dataclass(frozen=True)
class Retrained:
    """`same`: whether the weights are equal, byte for byte. None: unknown, because the original is gone.

    `difference` is set if they are not equal; `changed` names what differed (versions, device).
    """

    model: str
    labels: int
    seconds: float
    same: bool | None
    changed: Mapping[str, tuple[str, str]]
    difference: PredictionDifference | None = None


async def retrain(store: Store, state: LoopState, model: str) -> Retrained:
    """Train the model again, with the original number of threads. Raises UserError and TaskError."""
    trained = state.models.get(model)
    if trained is None:
        model_names = ", ".join(state.models) or "none yet"
        raise UserError(f"there is no model {model!r}: choose from {model_names}")
    scratch = tempfile.TemporaryDirectory(prefix="labelloop-")
    with scratch as folder, closing(Worker(trained.latest.threads)) as worker:
        return await _retrained(worker, store, state, trained.latest, Path(folder))


async def _retrained(
    worker: Worker, store: Store, state: LoopState, first: ModelTrained, scratch: Path
) -> Retrained:
    request = train_request(
        state,
        first.model,
        expanded(first.learned),
        pool=await asyncio.to_thread(store.pool, pool_for_learned(state, expanded(first.learned))),
        threads=first.threads,
        into=scratch / "models",
        cache=scratch / "cache",
    )
    second = await worker.run(request)
    folder = await asyncio.to_thread(store.find_model, first)
    difference = None
    same: bool | None = True if second.sha256 == first.sha256 else None
    if folder is not None:
        same = _weights(second.folder) == _weights(folder)
        if not same:
            difference = await _difference(worker, store, state, first, folder, second)
    return Retrained(
        first.model, first.labels, second.seconds, same, _changed_versions(first, second), difference
    )


def _weights(folder: Path) -> dict[str, object]:
    """The digests of a model's weights, without the files that describe the training."""
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    return {name: digest for name, digest in files.items() if name.endswith(".safetensors")}


async def _difference(
    worker: Worker, store: Store, state: LoopState, first: ModelTrained, folder: Path, second: TrainResult
) -> PredictionDifference:
    size = pool_of(state).size
    items = sorted(random.Random(0).sample(range(size), min(SAMPLE, size)))
    picks, other_picks = [
        await predictions(worker, store, first.threads, state, first.model, path, sha256, items)
        for path, sha256 in ((folder, first.sha256), (second.folder, second.sha256))
    ]
    pairs = list(zip(picks, other_picks, strict=True))
    several = state.project.is_multi_label
    return PredictionDifference(
        texts=len(items),
        other_label=sum(predicted(a, several) != predicted(b, several) for a, b in pairs),
        probability=fmean(abs(a.probability - b.probability) for a, b in pairs),
    )


def _changed_versions(first: ModelTrained, second: TrainResult) -> dict[str, tuple[str, str]]:
    before = {**first.versions, "device": first.device}
    now = {**second.versions, "device": second.device}
    return {name: (then, str(now.get(name))) for name, then in before.items() if now.get(name) != then}
