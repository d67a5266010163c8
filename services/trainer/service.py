"""The trainer service: it trains in a child of the warm worker, saves the model, and removes old ones."""

import asyncio
from collections.abc import Sequence

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import Unavailable, UserError
from labelloop.learner.requests import TrainRequest, TrainResult
from labelloop.learner.worker import Worker
from labelloop.loop.pools import pool_for_learned
from labelloop.loop.retention import kept_models
from labelloop.loop.schedule import NextModel, finished, next_model
from labelloop.loop.state import LoopState
from labelloop.projects.learner_requests import train_request, trained
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import open_store


class Trainer(Controller[NextModel]):
    """Trains the next model in the order of work, one at a time over all projects."""

    name = "trainer"
    pauses = True

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._worker = Worker(settings.threads, self.name)
        self.lock = self._training = asyncio.Lock()
        self._warm = False
        self._unpublished: dict[str, tuple[TrainRequest, TrainResult]] = {}

    async def close(self) -> None:
        self._worker.close()

    def due(self, state: LoopState) -> NextModel | None:
        return next_model(state)

    def describe(self, work: NextModel) -> str:
        return f"train model {work.model}" + (f", attempt {work.attempt}" if work.attempt else "")

    async def poll(self, state: LoopState) -> Polled:
        if state.batches and not finished(state) and not self._warm:
            await self._worker.warm()
            self._warm = True
        if not self._training.locked():
            await asyncio.to_thread(self._prune, state)
        return Polled()

    async def do(self, state: LoopState, work: NextModel) -> Sequence[Outcome]:
        request = train_request(
            state,
            work.model,
            work.learned,
            pool=await asyncio.to_thread(self._store.pool, pool_for_learned(state, work.learned)),
            threads=self._settings.threads,
            into=self._store.models(state.project_id) / work.model,
            cache=self._store.cache(state.project_id),
        )
        result = await self._fit(state.project_id, request)
        uri = await self._publish(state.project_id, result)
        return [Outcome(trained(state, work, request, result, uri), work.cause)]

    async def _fit(self, project: str, request: TrainRequest) -> TrainResult:
        """Train, or reuse the last result if the store could not take it."""
        before = self._unpublished.get(project)
        if before is not None and before[0] == request:
            return before[1]
        result = await self._worker.run(request)
        self._unpublished[project] = (request, result)
        return result

    async def _publish(self, project: str, result: TrainResult) -> str:
        try:
            uri = await asyncio.to_thread(self._store.publish, result.folder)
        except (Unavailable, UserError):
            raise
        except BaseException:
            del self._unpublished[project]
            raise
        del self._unpublished[project]
        return uri

    def _prune(self, state: LoopState) -> None:
        needed = {trained.latest.artifact for trained in kept_models(state, self._settings.keep_models)}
        artifacts = {attempt.artifact for model in state.models.values() for attempt in model.attempts}
        self._store.prune(state.project_id, needed, artifacts)
