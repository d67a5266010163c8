"""The querier service: it picks batches and keeps the oracle's records in line with the log."""

import asyncio
import logging
import time
from collections.abc import Sequence

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import TaskError
from labelloop.learner.worker import Worker
from labelloop.loop.gold_texts import gold_at, mixed
from labelloop.loop.labels import asked_items
from labelloop.loop.pools import Pool, pool_for_next
from labelloop.loop.random_draws import as_listed, audit_count, balanced_draw, derived, random_draw
from labelloop.loop.schedule import NextBatch, NextRelabel
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.oracle.base import KnowsBatches, Oracle, ShownText, open_oracle
from labelloop.pool.label_cells import names_of
from labelloop.projects.learner_requests import first_texts_request, query_request
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import Pools, Store, open_store
from labelloop.store.task_failures import is_model_lost
from schemas.events import BatchQueried, ModelLost, ProjectCreated
from services.querier.due import (
    asked_of_two,
    is_due_by_labels,
    is_model_wanted,
    lookahead_chosen,
    next_work,
    queried_items,
    shown_again,
    shown_items,
    still_due,
)
from services.querier.embedding_ahead import EmbeddingAhead
from services.querier.record_sync import RecordSync

logger = logging.getLogger(__name__)


class Querier(Controller[NextBatch | NextRelabel]):
    """Picks one batch at a time, and keeps the oracle's records in line with the log."""

    name = "querier"
    pauses = True

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._oracle = open_oracle(settings)
        self._worker = Worker(settings.threads, self.name)
        self.lock = asyncio.Lock()
        self._warm: asyncio.Task[None] | None = None
        self._pools = Pools(self._store)
        self._ahead = EmbeddingAhead(self._worker, self._store, settings.threads)
        self._record_sync = RecordSync(self._oracle, self._pools)
        self._shown_before = ShownBefore(self._oracle)

    async def close(self) -> None:
        if self._warm is not None:
            self._warm.cancel()
        await self._ahead.close()
        self._worker.close()
        await self._oracle.close()

    def due(self, state: LoopState) -> NextBatch | NextRelabel | None:
        return next_work(state)

    def still_due(self, state: LoopState, work: NextBatch | NextRelabel) -> bool:
        return still_due(state, work)

    def describe(self, work: NextBatch | NextRelabel) -> str:
        return f"pick batch {work.batch}"

    async def do(self, state: LoopState, work: NextBatch | NextRelabel) -> Sequence[Outcome]:
        project = state.project
        if isinstance(work, NextRelabel):
            return [Outcome(_again(state, work), work.cause)]
        shown = await self._shown_before.texts(state, work)
        if work.model is None:
            drawn = await self._cold_start(state, project, work, shown)
            return [Outcome(await self._with_gold(state, drawn), work.cause)]
        trained = state.models[work.model].latest
        try:
            queried = await query_batch(self._worker, self._store, self._settings.threads, state, work, shown)
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            lost = ModelLost(model=trained.model, attempt=trained.attempt, reason=error.message)
            return [Outcome(lost, work.cause)]
        picked = await self._with_gold(state, queried)
        return [Outcome(event, work.cause) for event in (*lookahead_chosen(state, work), picked)]

    async def poll(self, state: LoopState) -> Polled:
        if not state.begun:
            return Polled()
        self._ahead.go_on(state)
        again_in = await self._record_sync.compare(state, for_next(state))
        failed = self._warm is not None and self._warm.done() and self._warm.exception() is not None
        if is_model_wanted(state) and (self._warm is None or failed):
            self._warm = asyncio.create_task(self._worker.warm())
        return Polled(again_in=again_in)

    async def _cold_start(
        self, state: LoopState, project: ProjectCreated, work: NextBatch, shown: Sequence[ShownText]
    ) -> BatchQueried:
        started = time.monotonic()
        items = [text.item for text in shown] or await self._first_texts(state, project, work)
        return BatchQueried(
            batch=work.batch,
            items=asked_of_two(state, work.batch, as_listed(items, "cold-start")),
            strategy=project.cold_start,
            seed=project.seed,
            pool_version=pool_for_next(state).version,
            seconds=time.monotonic() - started,
        )

    async def _with_gold(self, state: LoopState, queried: BatchQueried) -> BatchQueried:
        gold, share = gold_at(state, state.numbered)
        if gold is None or not share:
            return queried
        opened = await self._pools.open(Pool((gold,)))
        labels = [names_of(each) for each in opened.gold(range(len(opened))) or ()]
        return mixed(state, queried, gold, labels)

    async def _first_texts(self, state: LoopState, project: ProjectCreated, work: NextBatch) -> list[int]:
        pool, taken = await self._pools.open(pool_for_next(state)), asked_items(state)
        if project.cold_start == "typical" and len(pool) - len(taken) > work.size:
            request = first_texts_request(
                state,
                work.size,
                pool=await asyncio.to_thread(self._store.pool, pool_for_next(state)),
                threads=self._settings.threads,
                cache=self._store.cache(state.project_id),
            )
            return list((await self._worker.run(request)).items)
        gold = pool.gold(range(len(pool))) if project.cold_start == "balanced" else None
        if gold is not None:
            return balanced_draw(project.seed, gold, taken, work.size)
        return random_draw(project.seed, len(pool), taken, work.size)


def _again(state: LoopState, work: NextRelabel) -> BatchQueried:
    """The relabel batch for a request."""
    return BatchQueried(
        batch=work.batch,
        items=as_listed(work.items, "relabel"),
        seed=state.project.seed,
        pool_version=pool_for_next(state).version,
        seconds=0.0,
    )


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
    model, project, pool = str(work.model), for_next(state), pool_for_next(state)
    trained, taken = state.models[model], asked_items(state)
    seed = derived(project.seed, "query", work.batch)
    chosen = [text.item for text in shown] or random_draw(
        derived(project.seed, "audit", work.batch),
        pool.size,
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
            pool=await asyncio.to_thread(store.pool, pool),
            threads=threads,
            cache=store.cache(state.project_id),
            seed=seed,
            n=0 if shown else work.size - len(chosen),
            taken={*taken, *chosen},
            also=chosen,
        )
    )
    items = (
        shown_items(shown, result.also, project)
        if shown
        else queried_items(work.batch, project, result.picks, result.also)
    )
    return BatchQueried(
        batch=work.batch,
        items=asked_of_two(state, work.batch, items),
        model=trained.latest.model,
        attempt=trained.latest.attempt,
        strategy=project.strategy.name,
        shortlist=result.shortlist,
        seed=seed,
        pool_version=pool.version,
        seconds=result.seconds,
    )


class ShownBefore:
    """Asks the oracle for the next batch, until it once does not know it: from then on the log is ahead."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._behind: set[str] = set()

    async def texts(self, state: LoopState, work: NextBatch) -> Sequence[ShownText]:
        """The texts of the batch that is due, if people are shown it already. Raises Unavailable."""
        project = state.project_id
        if project in self._behind or not is_due_by_labels(state):
            return ()
        records = self._oracle.project(project)
        shown = await records.shown(work.batch, state.numbered) if isinstance(records, KnowsBatches) else ()
        texts = shown_again(state, work.size, shown)
        if texts:
            logger.warning(
                "people are shown batch %s of %s already, which the log does not have: its texts stay",
                work.batch,
                project,
            )
        else:
            self._behind.add(project)
        return texts
