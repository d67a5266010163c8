"""The querier's effects: picks, and records in Argilla that match the log."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelloop.controller import Controller, Outcome, Polled
from labelloop.errors import TaskError, Unavailable
from labelloop.learner.project import is_model_lost
from labelloop.learner.worker import Worker
from labelloop.loop.draws import balanced_draw, random_draw
from labelloop.loop.labels import asked
from labelloop.loop.order import NextBatch, next_batch, open_batches
from labelloop.loop.state import Batch, LoopState
from labelloop.oracle.argilla import Argilla, Missing, Rejected
from labelloop.oracle.argilla.errors import Refused
from labelloop.oracle.desk import Desk
from labelloop.oracle.evidence import Seen, is_any_absent
from labelloop.pool.snapshot import Snapshot
from labelloop.settings import Settings
from labelloop.store import Store
from labelloop.turns import Turns
from schemas.events import BatchQueried, ModelLost, ProjectCreated
from services.querier.due import is_model_wanted
from services.querier.picks import cold_start_items
from services.querier.restore import Lack, lacks, leftovers, missing_accounts, new_records
from services.querier.uncertain import query_batch

logger = logging.getLogger(__name__)
COMPARE_EVERY = 3.0
ROUND = 60.0


@dataclass
class Served:
    """How a project is served: its desk, done batches in turn, and those compared since they were done."""

    desk: Desk
    turns: Turns = field(default_factory=lambda: Turns(ROUND))
    compared: set[str] = field(default_factory=set)


class Querier(Controller[NextBatch]):
    """Picks one batch at a time; compares the open batches with Argilla's records at every poll."""

    name = "querier"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.store)
        self._argilla = Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers)
        self._worker = Worker(settings.threads, self.name)
        self._one_at_a_time = asyncio.Semaphore()
        self._warm: asyncio.Task[None] | None = None
        self._served: dict[str, Served] = {}
        self._pools: dict[str, Snapshot] = {}
        self._refused: set[str] = set()

    async def close(self) -> None:
        self._worker.close()
        await self._argilla.__aexit__()

    def due(self, state: LoopState) -> NextBatch | None:
        return next_batch(state)

    def describe(self, work: NextBatch) -> str:
        return f"pick batch {work.batch}"

    async def do(self, state: LoopState, work: NextBatch) -> Sequence[Outcome]:
        project = state.project
        if project is None:
            return ()
        if work.model is None:
            return [Outcome(self._cold_start(state, project, work), work.cause)]
        trained = state.models[work.model].latest
        try:
            async with self._one_at_a_time:
                queried = await query_batch(
                    self._worker, self._store, self._settings.threads, state, project, work
                )
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            lost = ModelLost(model=trained.model, attempt=trained.attempt, reason=error.message)
            return [Outcome(lost, work.cause)]
        return [Outcome(queried, work.cause)]

    async def poll(self, state: LoopState) -> Polled:
        if state.project is None:
            return Polled()
        served = self._served.setdefault(state.project_id, Served(Desk(self._argilla, state.project_id)))
        if await served.desk.set_up(state.project):
            served.compared.clear()
        done = [batch for batch in state.batches.values() if batch.done]
        newly_done = [batch for batch in done if batch.name not in served.compared]
        for batch in (*open_batches(state), *newly_done, *served.turns.take(done, COMPARE_EVERY)):
            await self._restore(state, state.project, batch, served.desk)
            if batch.done:
                served.compared.add(batch.name)
        if is_model_wanted(state) and self._warm is None:
            self._warm = asyncio.create_task(self._worker.warm())
        return Polled(again_in=COMPARE_EVERY)

    def _cold_start(self, state: LoopState, project: ProjectCreated, work: NextBatch) -> BatchQueried:
        started = time.monotonic()
        pool, taken = self._pool(project), asked(state)
        gold = pool.gold(range(len(pool))) if project.cold_start == "balanced" else None
        if gold is None:
            items = random_draw(project.seed, len(pool), taken, work.size)
        else:
            items = balanced_draw(project.seed, gold, taken, work.size)
        return BatchQueried(
            batch=work.batch,
            items=cold_start_items(items),
            strategy=project.cold_start,
            seed=project.seed,
            pool_version=project.pool.digest,
            seconds=time.monotonic() - started,
        )

    async def _restore(self, state: LoopState, project: ProjectCreated, batch: Batch, desk: Desk) -> None:
        """Put back what the log has and the server lacks; take away what went back to the pool."""
        seen = await desk.seen(batch)
        if seen is None:
            raise Unavailable(f"Argilla has the data set {state.project_id} no more")
        try:
            await desk.remove(leftovers(batch, seen))
            lacking = lacks(batch, seen, await self._accounts_for(batch, seen, desk))
            if lacking:
                accounts = await self._with_missing(lacking, desk)
                texts = self._pool(project).texts([lack.item for lack in lacking])
                await desk.put(new_records(state, batch, lacking, texts, accounts))
        except (Missing, Rejected) as error:
            desk.forget()
            message = f"Argilla changed while batch {batch.name} of {state.project_id} was compared: {error}"
            raise Unavailable(message) from error

    async def _accounts_for(self, batch: Batch, seen: Mapping[int, Seen], desk: Desk) -> Mapping[str, str]:
        recorded = {answer.item: answer for answer in batch.answers}
        return await desk.accounts() if is_any_absent(recorded, seen) else {}

    async def _with_missing(self, lacking: Sequence[Lack], desk: Desk) -> Mapping[str, str]:
        accounts = dict(await desk.accounts())
        for username in missing_accounts(lacking, accounts):
            try:
                accounts[await desk.make_account(username)] = username
            except Refused as error:
                if username not in self._refused:
                    self._refused.add(username)
                    logger.warning("the account %s is gone and cannot be made again: %s", username, error)
            else:
                logger.warning("the account %s was gone; it is made again, with a new password", username)
        return accounts

    def _pool(self, project: ProjectCreated) -> Snapshot:
        if project.pool.digest not in self._pools:
            self._pools[project.pool.digest] = Snapshot.open(self._store.pool(project), project.pool.digest)
        return self._pools[project.pool.digest]
