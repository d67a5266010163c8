"""Labels of a project that are likely wrong."""

import asyncio
from contextlib import closing

from labelloop.learner.requests import NoiseRequest, NoiseResult
from labelloop.learner.worker import Worker
from labelloop.loop.labels import current
from labelloop.loop.seeds import derived
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState
from labelloop.settings import default_threads
from labelloop.store import Store


async def find_noise(store: Store, state: LoopState) -> NoiseResult:
    """The suspects among the labels that count now. Raises TaskError and UserError."""
    project, threads = for_next(state), default_threads()
    request = NoiseRequest(
        pool=await asyncio.to_thread(store.pool, project),
        model=project.model.name,
        revision=project.model.revision,
        labels=project.labels,
        examples=tuple(sorted(current(state).items())),
        seed=derived(project.seed, "noise"),
        threads=threads,
        cache=store.cache(state.project_id),
    )
    with closing(Worker(threads)) as worker:
        return await worker.run(request)
