"""What the models that are kept predict for one text."""

import asyncio
from collections.abc import Iterable

from labelloop.errors import TaskError
from labelloop.learner.project import classifier_spec, is_model_lost
from labelloop.learner.requests import Pick, QueryRequest
from labelloop.learner.worker import Worker
from labelloop.loop.state import LoopState, Trained
from labelloop.store import Store


async def predictions(
    worker: Worker, store: Store, threads: int, state: LoopState, models: Iterable[Trained], item: int
) -> dict[str, Pick]:
    """By model; one that is not in the store, or damaged there, is absent. Raises TaskError and UserError."""
    found: dict[str, Pick] = {}
    for trained in models:
        try:
            found[trained.latest.model] = await _prediction(worker, store, threads, state, trained, item)
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
    return found


async def _prediction(
    worker: Worker, store: Store, threads: int, state: LoopState, trained: Trained, item: int
) -> Pick:
    project = state.project
    assert project is not None
    result = await worker.run(
        QueryRequest(
            pool=await asyncio.to_thread(store.pool, project),
            classifier=classifier_spec(project),
            labels=project.labels,
            model_folder=await asyncio.to_thread(store.model, trained.latest),
            model_sha256=trained.latest.sha256,
            strategy=project.strategy.name,
            strategy_parameters=project.strategy.parameters,
            taken=tuple(range(project.pool.size)),
            labelled=(),
            ignored=(),
            n=0,
            also=(item,),
            seed=project.seed,
            threads=threads,
            cache=store.cache(state.project_id),
        )
    )
    (pick,) = result.also
    return pick
