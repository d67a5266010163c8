"""The evaluator service: it evaluates and audits models, and checks the stopping criterion."""

import asyncio
import logging
from collections.abc import Sequence

from labelloop.config.settings import ServiceSettings
from labelloop.errors import TaskError, Unavailable
from labelloop.learner.requests import is_model_lost
from labelloop.learner.worker import Worker
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import open_store
from schemas.events import EventData, ModelLost
from services.evaluator.due import Audit, Check, Evaluation, Work, next_work
from services.evaluator.measuring import checked, estimated, evaluated
from services.evaluator.stopping import told

logger = logging.getLogger(__name__)


class Evaluator(Controller[Work]):
    """Does one evaluation, audit or check at a time."""

    name = "evaluator"

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._worker = Worker(settings.threads, self.name)
        self.lock = asyncio.Lock()
        self._said: set[str] = set()
        self._missed: set[str] = set()

    async def close(self) -> None:
        self._worker.close()

    def due(self, state: LoopState) -> Work | None:
        return next_work(state, self._settings.keep_models)

    def describe(self, work: Work) -> str:
        return work.description

    async def poll(self, state: LoopState) -> Polled:
        project = for_next(state)
        unmeasured = project.test is None and not project.audit_share
        if unmeasured and state.project_id not in self._said:
            self._said.add(state.project_id)
            logger.info(
                "project %s has no test set and no audit share: there will be no learning curve",
                state.project_id,
            )
        return Polled()

    async def do(self, state: LoopState, work: Work) -> Sequence[Outcome]:
        try:
            return [Outcome(data, work.cause) for data in await self._found(state, work)]
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            return [self._lost(state, work, error)]

    async def _found(self, state: LoopState, work: Work) -> Sequence[EventData]:
        threads = self._settings.threads
        match work:
            case Evaluation():
                return [await evaluated(self._worker, self._store, threads, state, work)]
            case Check():
                return told(state, await checked(self._worker, self._store, threads, state, work))
            case Audit():
                return [await estimated(self._worker, self._store, threads, state, work)]

    def _lost(self, state: LoopState, work: Work, error: TaskError) -> Outcome:
        attempt = state.models[work.model].ids[-1]
        if attempt not in self._missed:
            # The trainer may have just removed it as too old, and the log will show that soon.
            self._missed.add(attempt)
            raise Unavailable(error.message) from error
        lost = ModelLost(model=work.model, attempt=work.trained.attempt, reason=error.message)
        return Outcome(lost, attempt)
