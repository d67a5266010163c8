"""Predictions of models for texts of the pool."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from labelloop.errors import TaskError
from labelloop.learner.requests import Pick, is_model_lost
from labelloop.learner.worker import Worker
from labelloop.loop.settings import of_model
from labelloop.loop.state import LoopState, Trained
from labelloop.projects.learner_requests import query_request
from labelloop.store import Store


async def predictions(
    worker: Worker,
    store: Store,
    threads: int,
    state: LoopState,
    model: str,
    folder: Path,
    sha256: str,
    items: Sequence[int],
) -> tuple[Pick, ...]:
    """Predictions of an attempt's model, in the order of the items. Raises TaskError and UserError."""
    project = of_model(state, model)
    result = await worker.run(
        query_request(
            state,
            model,
            folder,
            sha256,
            {},
            pool=await asyncio.to_thread(store.pool, project),
            threads=threads,
            cache=store.cache(state.project_id),
            seed=project.seed,
            taken=range(project.pool.size),
            also=items,
        )
    )
    return result.also


async def prediction_of_each(
    worker: Worker, store: Store, threads: int, state: LoopState, models: Iterable[Trained], item: int
) -> dict[str, Pick]:
    """Predictions for one text, by model. Models that are missing or damaged in the store are left out."""
    picks: dict[str, Pick] = {}
    for trained in models:
        latest = trained.latest
        try:
            folder = await asyncio.to_thread(store.model, latest)
            (pick,) = await predictions(
                worker, store, threads, state, latest.model, folder, latest.sha256, (item,)
            )
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
        else:
            picks[latest.model] = pick
    return picks
