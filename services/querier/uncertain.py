"""Asks the learner for a batch."""

import asyncio

from labelloop.learner.project import classifier_spec
from labelloop.learner.requests import QueryRequest
from labelloop.learner.worker import Worker
from labelloop.loop.draws import audit_count, random_draw
from labelloop.loop.labels import asked, at_revisions, ignored_at
from labelloop.loop.order import NextBatch
from labelloop.loop.seeds import derived
from labelloop.loop.settings import for_next, of_model
from labelloop.loop.state import LoopState
from labelloop.store import Store
from schemas.events import BatchQueried
from services.querier.picks import queried_items


async def query_batch(
    worker: Worker, store: Store, threads: int, state: LoopState, work: NextBatch
) -> BatchQueried:
    """The batch that the model picks. The strategy sees as labelled exactly what that model learned."""
    trained, project = state.models[str(work.model)], for_next(state)
    learned, taken = trained.learned, asked(state)
    seed = derived(project.seed, "query", work.batch)
    audit = random_draw(
        derived(project.seed, "audit", work.batch),
        project.pool.size,
        taken,
        audit_count(project.audit_share, work.size),
    )
    result = await worker.run(
        QueryRequest(
            pool=await asyncio.to_thread(store.pool, project),
            classifier=classifier_spec(of_model(state, str(work.model))),
            labels=project.labels,
            model_folder=await asyncio.to_thread(store.model, trained.latest),
            model_sha256=trained.latest.sha256,
            strategy=project.strategy.name,
            strategy_parameters=project.strategy.parameters,
            taken=tuple(sorted({*taken, *audit})),
            labelled=tuple(sorted(at_revisions(state, learned).items())),
            ignored=ignored_at(state, learned),
            n=work.size - len(audit),
            also=tuple(audit),
            seed=seed,
            threads=threads,
            cache=store.cache(state.project_id),
        )
    )
    return BatchQueried(
        batch=work.batch,
        items=queried_items(work.batch, project.seed, result.picks, result.also),
        model=trained.latest.model,
        attempt=trained.latest.attempt,
        strategy=project.strategy.name,
        seed=seed,
        pool_version=project.pool.digest,
        seconds=result.seconds,
    )
