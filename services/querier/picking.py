"""Ask the learner to pick a batch."""

import asyncio
from collections.abc import Sequence

from labelloop.learner.worker import Worker
from labelloop.loop.draws import audit_count, derived, random_draw
from labelloop.loop.labels import asked
from labelloop.loop.schedule import NextBatch
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState
from labelloop.oracle.base import ShownText
from labelloop.projects.learner_requests import query_request
from labelloop.store import Store
from schemas.events import BatchQueried
from services.querier.due import queried_items, shown_items


async def query_batch(
    worker: Worker,
    store: Store,
    threads: int,
    state: LoopState,
    work: NextBatch,
    shown: Sequence[ShownText] = (),
) -> BatchQueried:
    """Pick a batch with the model. The strategy sees exactly the labels that the model learned.

    If people are shown the batch already, its texts are those (`shown`), and the model only predicts.
    """
    model, project = str(work.model), for_next(state)
    trained, taken = state.models[model], asked(state)
    seed = derived(project.seed, "query", work.batch)
    chosen = [text.item for text in shown] or random_draw(
        derived(project.seed, "audit", work.batch),
        project.pool.size,
        taken,
        audit_count(project.audit_share, work.size),
    )
    result = await worker.run(
        query_request(
            state,
            model,
            await asyncio.to_thread(store.model, trained.latest),
            trained.latest.sha256,
            trained.learned,
            pool=await asyncio.to_thread(store.pool, project),
            threads=threads,
            cache=store.cache(state.project_id),
            seed=seed,
            n=0 if shown else work.size - len(chosen),
            taken={*taken, *chosen},
            also=chosen,
        )
    )
    items = (
        shown_items(shown, result.also)
        if shown
        else queried_items(work.batch, project.seed, result.picks, result.also)
    )
    return BatchQueried(
        batch=work.batch,
        items=items,
        model=trained.latest.model,
        attempt=trained.latest.attempt,
        strategy=project.strategy.name,
        seed=seed,
        pool_version=project.pool.digest,
        seconds=result.seconds,
    )
