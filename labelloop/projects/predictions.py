"""What a model predicts for texts of the pool."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from labelloop.errors import TaskError
from labelloop.learner.project import classifier_spec, is_model_lost
from labelloop.learner.requests import Pick, QueryRequest
from labelloop.learner.worker import Worker
from labelloop.loop.settings import of_model
from labelloop.loop.state import LoopState, Trained
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
    """In the order of the items, by an attempt at a model in a folder. Raises TaskError and UserError."""
    project = of_model(state, model)
    result = await worker.run(
        QueryRequest(
            pool=await asyncio.to_thread(store.pool, project),
            classifier=classifier_spec(project),
            labels=project.labels,
            model_folder=folder,
            model_sha256=sha256,
            strategy=project.strategy.name,
            strategy_parameters=project.strategy.parameters,
            taken=tuple(range(project.pool.size)),
            labelled=(),
            ignored=(),
            n=0,
            also=tuple(items),
            seed=project.seed,
            threads=threads,
            cache=store.cache(state.project_id),
        )
    )
    return result.also


async def prediction_of_each(
    worker: Worker, store: Store, threads: int, state: LoopState, models: Iterable[Trained], item: int
) -> dict[str, Pick]:
    """By model, for one text; a model that is not in the store, or damaged there, is absent."""
    found: dict[str, Pick] = {}
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
            found[latest.model] = pick
    return found
