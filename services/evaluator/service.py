"""The evaluator's effects: a model's figures on the test set."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from labelloop.controller import Controller, Outcome, Polled
from labelloop.errors import TaskError, Unavailable
from labelloop.learner.project import classifier_spec, is_model_lost
from labelloop.learner.requests import EvaluateRequest
from labelloop.learner.worker import Worker
from labelloop.loop.settings import of_model
from labelloop.loop.state import LoopState
from labelloop.settings import Settings
from labelloop.store import open_store
from schemas.events import ModelEvaluated, ModelLost, ModelTrained
from schemas.parts import ClassFigures
from services.evaluator.due import next_evaluation

logger = logging.getLogger(__name__)


class Evaluator(Controller[ModelTrained]):
    """Evaluates one model at a time."""

    name = "evaluator"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._worker = Worker(settings.threads, self.name)
        self.turn = asyncio.Lock()
        self._said: set[str] = set()
        self._missed: set[str] = set()

    async def close(self) -> None:
        self._worker.close()

    def due(self, state: LoopState) -> ModelTrained | None:
        return next_evaluation(state, self._settings.keep_models)

    def describe(self, work: ModelTrained) -> str:
        return f"evaluate model {work.model}"

    async def poll(self, state: LoopState) -> Polled:
        if state.project and state.project.test is None and state.project_id not in self._said:
            self._said.add(state.project_id)
            logger.info("project %s has no test set: there will be no learning curve", state.project_id)
        return Polled()

    async def do(self, state: LoopState, work: ModelTrained) -> Sequence[Outcome]:
        project = state.project
        if project is None or project.test is None:
            return ()
        cause = state.models[work.model].ids[-1]
        try:
            request = EvaluateRequest(
                texts_path=await asyncio.to_thread(self._store.snapshot, project.test),
                classifier=classifier_spec(of_model(state, work.model)),
                labels=project.labels,
                model_folder=await asyncio.to_thread(self._store.model, work),
                model_sha256=work.sha256,
                threads=self._settings.threads,
                cache=self._store.cache(state.project_id),
            )
            result = await self._worker.run(request)
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            if cause not in self._missed:
                # The trainer may just have removed it as too old: the log will say so in a moment.
                self._missed.add(cause)
                raise Unavailable(error.message) from error
            lost = ModelLost(model=work.model, attempt=work.attempt, reason=error.message)
            return [Outcome(lost, cause)]
        evaluated = ModelEvaluated(
            model=work.model,
            attempt=work.attempt,
            labels=work.labels,
            accuracy=result.accuracy,
            macro_f1=result.macro_f1,
            classes=project.labels,
            per_class={label: _figures(found) for label, found in result.per_class.items()},
            confusion=tuple(map(tuple, result.confusion)),
            size=result.size,
            test_version=project.test.digest,
            seconds=result.seconds,
        )
        return [Outcome(evaluated, cause)]


def _figures(found: Mapping[str, float]) -> ClassFigures:
    return ClassFigures(
        precision=found["precision"], recall=found["recall"], f1=found["f1"], support=int(found["support"])
    )
