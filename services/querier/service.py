"""The querier service: it picks batches and keeps the oracle's records in line with the log."""

import asyncio
import time
from collections.abc import Sequence

from labelloop.config.settings import ServiceSettings
from labelloop.errors import TaskError
from labelloop.learner.requests import is_model_lost
from labelloop.learner.worker import Worker
from labelloop.loop.draws import as_listed, balanced_draw, random_draw
from labelloop.loop.labels import asked
from labelloop.loop.schedule import NextBatch, NextRelabel
from labelloop.loop.state import LoopState
from labelloop.oracle.base import ShownText
from labelloop.oracle.open import open_oracle
from labelloop.projects.learner_requests import first_texts_request
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import open_store
from schemas.events import BatchQueried, ModelLost, ProjectCreated
from services.querier.due import is_model_wanted, next_work
from services.querier.picking import query_batch
from services.querier.record_sync import COMPARE_EVERY, Pools, RecordSync
from services.querier.shown_before import ShownBefore


class Querier(Controller[NextBatch | NextRelabel]):
    """Picks one batch at a time, and keeps the oracle's records in line with the log."""

    name = "querier"
    pauses = True
    must_still_be_due = True

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._oracle = open_oracle(settings)
        self._worker = Worker(settings.threads, self.name)
        self.lock = asyncio.Lock()
        self._warm: asyncio.Task[None] | None = None
        self._pools = Pools(self._store)
        self._record_sync = RecordSync(self._oracle, self._pools)
        self._shown_before = ShownBefore(self._oracle)

    async def close(self) -> None:
        if self._warm is not None:
            self._warm.cancel()
        self._worker.close()
        await self._oracle.close()

    def due(self, state: LoopState) -> NextBatch | NextRelabel | None:
        return next_work(state)

    def describe(self, work: NextBatch | NextRelabel) -> str:
        return f"pick batch {work.batch}"

    async def do(self, state: LoopState, work: NextBatch | NextRelabel) -> Sequence[Outcome]:
        project = state.project
        if isinstance(work, NextRelabel):
            return [Outcome(_again(project, work), work.cause)]
        shown = await self._shown_before.texts(state, work)
        if work.model is None:
            return [Outcome(await self._cold_start(state, project, work, shown), work.cause)]
        trained = state.models[work.model].latest
        try:
            queried = await query_batch(self._worker, self._store, self._settings.threads, state, work, shown)
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            lost = ModelLost(model=trained.model, attempt=trained.attempt, reason=error.message)
            return [Outcome(lost, work.cause)]
        return [Outcome(queried, work.cause)]

    async def poll(self, state: LoopState) -> Polled:
        if not state.begun:
            return Polled()
        await self._record_sync.compare(state, state.project)
        failed = self._warm is not None and self._warm.done() and self._warm.exception() is not None
        if is_model_wanted(state) and (self._warm is None or failed):
            self._warm = asyncio.create_task(self._worker.warm())
        return Polled(again_in=COMPARE_EVERY)

    async def _cold_start(
        self, state: LoopState, project: ProjectCreated, work: NextBatch, shown: Sequence[ShownText]
    ) -> BatchQueried:
        started = time.monotonic()
        items = [text.item for text in shown] or await self._first_texts(state, project, work)
        return BatchQueried(
            batch=work.batch,
            items=as_listed(items, "cold-start"),
            strategy=project.cold_start,
            seed=project.seed,
            pool_version=project.pool.digest,
            seconds=time.monotonic() - started,
        )

    async def _first_texts(self, state: LoopState, project: ProjectCreated, work: NextBatch) -> list[int]:
        pool, taken = await self._pools.open(project), asked(state)
        if project.cold_start == "typical" and len(pool) - len(taken) > work.size:
            request = first_texts_request(
                state,
                work.size,
                pool=await asyncio.to_thread(self._store.pool, project),
                threads=self._settings.threads,
                cache=self._store.cache(state.project_id),
            )
            return list((await self._worker.run(request)).items)
        gold = pool.gold(range(len(pool))) if project.cold_start == "balanced" else None
        if gold is not None:
            return balanced_draw(project.seed, gold, taken, work.size)
        return random_draw(project.seed, len(pool), taken, work.size)


def _again(project: ProjectCreated, work: NextRelabel) -> BatchQueried:
    """The relabel batch for a request."""
    return BatchQueried(
        batch=work.batch,
        items=as_listed(work.items, "relabel"),
        seed=project.seed,
        pool_version=project.pool.digest,
        seconds=0.0,
    )
