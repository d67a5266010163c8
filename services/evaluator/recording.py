"""Record what models say of texts: the file in the store, and the event about it."""

import asyncio
from pathlib import Path

from labelloop.learner.requests import ClassifierSpec, EvaluateRequest, PredictionsRequest
from labelloop.learner.worker import Worker
from labelloop.loop.figures import predictions
from labelloop.loop.pools import pool_for_learned
from labelloop.loop.settings_in_force import for_next, of_model
from labelloop.loop.state import LoopState
from labelloop.projects.learner_requests import evaluate_request
from labelloop.store import Store
from labelloop.store.predictions import ENDING
from schemas.events import ModelTrained, PredictionsRecorded
from schemas.parts import Snapshot
from services.evaluator.due import Recording, recorded_texts


async def recorded(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Recording
) -> PredictionsRecorded:
    """Raises TaskError and UserError."""
    model, project, test = work.trained, of_model(state, work.model), for_next(state).test
    pool = pool_for_learned(state, state.models[work.model].learned)
    cache = store.cache(state.project_id)
    folder = await asyncio.to_thread(store.model, model)
    draft = cache / f"predictions-{model.sha256}{ENDING}"
    result = await worker.run(
        PredictionsRequest(
            pool=await asyncio.to_thread(store.pool, pool),
            items=tuple(await asyncio.to_thread(recorded_texts, state.project, pool)),
            test=None if test is None else await test_request(store, threads, state, model, test, folder),
            classifier=ClassifierSpec.of(project),
            labels=project.labels,
            model=model.model,
            model_folder=folder,
            model_sha256=model.sha256,
            into=draft,
            threads=threads,
            cache=cache,
            order_seed=project.seed,
        )
    )
    uri = f"{state.project_id}/predictions/{result.sha256}{ENDING}"
    stored = Snapshot(uri=uri, digest=result.sha256, size=result.tested + result.drawn)
    await asyncio.to_thread(store.add_snapshot, stored, draft)
    draft.unlink(missing_ok=True)
    return PredictionsRecorded(
        model=model.model,
        attempt=model.attempt,
        uri=uri,
        sha256=result.sha256,
        tested=result.tested,
        drawn=result.drawn,
        test_version=test.digest if test else None,
        pool_version=pool.version,
        seconds=result.seconds,
    )


async def test_request(
    store: Store, threads: int, state: LoopState, model: ModelTrained, test: Snapshot, folder: Path
) -> EvaluateRequest:
    """A request to evaluate the model, which keeps what it says of each text of the test set.

    What was kept of models whose predictions are recorded is removed.
    """
    cache = store.cache(state.project_id)
    scores = cache / "tested"
    done = {state.models[name].latest.sha256 for name in predictions(state)}
    for file in scores.glob("*.npy"):
        if file.name.partition("-")[0] in done - {model.sha256}:
            file.unlink(missing_ok=True)
    return evaluate_request(
        state,
        model.model,
        folder,
        model.sha256,
        test=await asyncio.to_thread(store.snapshot, test),
        threads=threads,
        cache=cache,
        scores=scores / f"{model.sha256}-{test.digest}.npy",
    )
