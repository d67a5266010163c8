"""The trainer's effects: fit in a child of the warm worker, save the model, remove old ones."""

import asyncio
from collections.abc import Sequence

from labelloop.controller import Controller, Outcome, Polled
from labelloop.learner.artifacts import prune
from labelloop.learner.project import classifier_spec
from labelloop.learner.requests import TrainRequest, TrainResult
from labelloop.learner.worker import Worker
from labelloop.loop.digest import learned_digest
from labelloop.loop.labels import at_revisions, ignored_at
from labelloop.loop.order import NextModel, finished, next_model
from labelloop.loop.seeds import derived
from labelloop.loop.state import LoopState
from labelloop.settings import Settings
from labelloop.store import Store
from schemas.events import ModelTrained, ProjectCreated
from services.trainer.due import kept


class Trainer(Controller[NextModel]):
    """Trains what the order of work says, one model at a time over all projects."""

    name = "trainer"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.store)
        self._worker = Worker(settings.threads, self.name)
        self.turn = self._training = asyncio.Lock()
        self._warm = False

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
        if state.project is None:
            return ()
        request = self._request(state, state.project, work)
        result = await self._worker.run(request)
        return [Outcome(self._trained(state, work, request, result), work.cause)]

    def _request(self, state: LoopState, project: ProjectCreated, work: NextModel) -> TrainRequest:
        return TrainRequest(
            pool=self._store.pool(project),
            classifier=classifier_spec(project),
            labels=project.labels,
            examples=tuple(sorted(at_revisions(state, work.learned).items())),
            ignored=ignored_at(state, work.learned),
            seed=derived(project.seed, "train", work.model),
            threads=self._settings.threads,
            into=self._store.models(state.project_id) / work.model,
            cache=self._store.cache(state.project_id),
        )

    def _trained(
        self, state: LoopState, work: NextModel, request: TrainRequest, result: TrainResult
    ) -> ModelTrained:
        return ModelTrained(
            model=work.model,
            attempt=work.attempt,
            learned=work.learned,
            digest=learned_digest(state, work.learned),
            labels=len(request.examples),
            artifact=self._store.uri(result.folder),
            sha256=result.sha256,
            metrics=dict(result.metrics),
            seconds=result.seconds,
            device=result.device,
            threads=result.threads,
            versions=dict(result.versions),
            seed=request.seed,
        )

    def _prune(self, state: LoopState) -> None:
        """Remove old models, but never the newest folder: it may be on its way to the log."""
        needed = [self._store.model(trained) for trained in kept(state, self._settings.keep_models)]
        prune(self._store.models(state.project_id), keep=1, needed=needed)
