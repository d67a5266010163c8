"""The evaluator service: it measures models, records what they say, checks whether to stop."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import TaskError, Unavailable
from labelloop.learner.requests import CheckRequest, ClassifierSpec
from labelloop.learner.stopping.registry import check_stopping, past
from labelloop.learner.worker import Worker
from labelloop.loop.labels import learned_labels
from labelloop.loop.settings_in_force import for_next, is_test_changed, of_model
from labelloop.loop.state import Labels, LoopState
from labelloop.projects.learner_requests import predictions
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.store import Store, open_store
from labelloop.store.task_failures import is_model_lost
from schemas.events import (
    AuditEstimated,
    EventData,
    ModelEvaluated,
    ModelEvaluatedV2,
    ModelLost,
    StoppingChecked,
)
from schemas.fields import UNSAID
from schemas.parts import ClassFigures
from services.evaluator.audit import estimate, pool_version, samples, texts
from services.evaluator.due import (
    Audit,
    Check,
    Evaluation,
    Recording,
    Work,
    count_up_to,
    earlier,
    next_work,
    stopping_events,
    stopping_set,
)
from services.evaluator.recording import recorded, test_request

logger = logging.getLogger(__name__)


class Evaluator(Controller[Work]):
    """Does one piece of work at a time."""

    name = "evaluator"

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._store = open_store(settings.store)
        self._worker = Worker(settings.threads, self.name)
        self.lock = asyncio.Lock()
        self._warned_of: set[str] = set()
        self._missed: set[str] = set()
        self._gone: set[str] = set()

    async def close(self) -> None:
        self._worker.close()

    def due(self, state: LoopState) -> Work | None:
        return next_work(state, self._settings.keep_models, self._gone)

    def describe(self, work: Work) -> str:
        return work.description

    async def poll(self, state: LoopState) -> Polled:
        project = for_next(state)
        unmeasured = project.test is None and not project.audit_share
        if unmeasured and state.project_id not in self._warned_of:
            self._warned_of.add(state.project_id)
            logger.info(
                "project %s has no test set and no audit share: there will be no learning curve",
                state.project_id,
            )
        return Polled()

    async def do(self, state: LoopState, work: Work) -> Sequence[Outcome]:
        try:
            return [Outcome(data, work.cause) for data in await self._results(state, work)]
        except TaskError as error:
            if not is_model_lost(error.kind):
                raise
            if isinstance(work, Recording):
                # For this alone no model is trained again.
                logger.info("predictions of model %s are not recorded: %s", work.model, error.message)
                self._gone.add(work.trained.sha256)
                return []
            return [self._lost(state, work, error)]

    async def _results(self, state: LoopState, work: Work) -> Sequence[EventData]:
        threads = self._settings.threads
        match work:
            case Evaluation():
                return [await evaluated(self._worker, self._store, threads, state, work)]
            case Check():
                return stopping_events(state, await checked(self._worker, self._store, threads, state, work))
            case Audit():
                return [await estimated(self._worker, self._store, threads, state, work)]
            case Recording():
                return [await recorded(self._worker, self._store, threads, state, work)]

    def _lost(self, state: LoopState, work: Work, error: TaskError) -> Outcome:
        attempt = state.models[work.model].ids[-1]
        if attempt not in self._missed:
            # The trainer may have just removed it as too old, and the log will show that soon.
            self._missed.add(attempt)
            raise Unavailable(error.message) from error
        lost = ModelLost(model=work.model, attempt=work.trained.attempt, reason=error.message)
        return Outcome(lost, attempt)


async def evaluated(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Evaluation
) -> ModelEvaluated:
    """Raises TaskError and UserError."""
    project, model = for_next(state), work.trained
    assert project.test is not None
    folder = await asyncio.to_thread(store.model, model)
    result = await worker.run(await test_request(store, threads, state, model, project.test, folder))
    return (ModelEvaluatedV2 if is_test_changed(state) else ModelEvaluated)(
        model=model.model,
        attempt=model.attempt,
        labels=model.labels,
        accuracy=result.accuracy,
        macro_f1=result.macro_f1,
        classes=of_model(state, work.model).labels,
        per_class={label: _figures(figures) for label, figures in result.per_class.items()},
        confusion=tuple(map(tuple, result.confusion)),
        size=result.size,
        test_version=project.test.digest,
        seconds=result.seconds,
        micro_f1=UNSAID if result.micro_f1 is None else result.micro_f1,
    )


def _figures(figures: Mapping[str, float]) -> ClassFigures:
    return ClassFigures(
        precision=figures["precision"],
        recall=figures["recall"],
        f1=figures["f1"],
        support=int(figures["support"]),
    )


async def estimated(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Audit
) -> AuditEstimated:
    """Raises TaskError and UserError."""
    started = time.monotonic()
    folder = await asyncio.to_thread(store.model, work.trained)
    items = texts(state, work.batches)
    sha256 = work.trained.sha256
    picks = await predictions(worker, store, threads, state, work.model, folder, sha256, items)
    predicted = {pick.item: (pick.label,) for pick in picks}
    return estimate_by(state, work, predicted, time.monotonic() - started)


def estimate_by(state: LoopState, work: Audit, predicted: Labels, seconds: float) -> AuditEstimated:
    """The estimate from the model's labels of `texts`. Pure."""
    audit_samples = list(samples(state, work.batches, predicted))
    accuracy = estimate(audit_samples)
    assert accuracy is not None
    return AuditEstimated(
        model=work.model,
        attempt=work.trained.attempt,
        labels=work.trained.labels,
        accuracy=accuracy.accuracy,
        low=accuracy.low,
        high=accuracy.high,
        audited=sum(sample.labelled for sample in audit_samples),
        known=audit_samples[-1].known,
        batches=work.batches,
        seconds=seconds,
        pool_version=pool_version(state, work.batches) if state.grown else UNSAID,
    )


async def checked(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Check
) -> StoppingChecked:
    """Raises TaskError and UserError."""
    project, model = for_next(state), work.trained
    assert project.stopping is not None
    criterion = check_stopping(project.stopping.name, project.stopping.parameters, project.task)
    assert criterion is not None
    items = stopping_set(project)
    before = earlier(state, model.model, past(criterion, project.stopping.parameters))
    learned = learned_labels(state, state.models[work.model])
    result = await worker.run(
        CheckRequest(
            pool=await asyncio.to_thread(store.snapshot, project.pool),
            classifier=ClassifierSpec.of(of_model(state, work.model)),
            labels=of_model(state, work.model).labels,
            model_folder=await asyncio.to_thread(store.model, model),
            model_sha256=model.sha256,
            criterion=criterion.name,
            parameters=project.stopping.parameters,
            number=count_up_to(state, model.model),
            items=tuple(items),
            learned=tuple(item for item in items if item in learned),
            before=tuple(check.predicted for check in before),
            threads=threads,
            cache=store.cache(state.project_id),
            order_seed=project.seed,
        )
    )
    return StoppingChecked(
        model=model.model,
        attempt=model.attempt,
        labels=model.labels,
        criterion=criterion.name,
        parameters=project.stopping.parameters,
        value=result.value,
        stop=result.stop,
        predicted=result.predicted,
        seconds=result.seconds,
    )
