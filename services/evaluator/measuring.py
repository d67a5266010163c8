"""Ask the learner to evaluate a model, to predict audited texts, and to check the stopping criterion."""

import asyncio
import time
from collections.abc import Mapping

from labelloop.learner.requests import CheckRequest, classifier_spec
from labelloop.learner.stopping import check_stopping, past
from labelloop.learner.worker import Worker
from labelloop.loop.labels import at_revisions
from labelloop.loop.settings import of_model
from labelloop.loop.state import Labels, LoopState
from labelloop.projects.learner_requests import evaluate_request, predictions
from labelloop.store import Store
from schemas.events import AuditEstimated, ModelEvaluated, StoppingChecked
from schemas.parts import ClassFigures
from services.evaluator.audit import estimate, samples, texts
from services.evaluator.due import Audit, Check, Evaluation
from services.evaluator.stopping import count_up_to, earlier, stopping_set


async def evaluated(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Evaluation
) -> ModelEvaluated:
    """Raises TaskError and UserError."""
    project, model = state.project, work.trained
    assert project.test is not None
    result = await worker.run(
        evaluate_request(
            state,
            work.model,
            await asyncio.to_thread(store.model, model),
            model.sha256,
            test=await asyncio.to_thread(store.snapshot, project.test),
            threads=threads,
            cache=store.cache(state.project_id),
        )
    )
    return ModelEvaluated(
        model=model.model,
        attempt=model.attempt,
        labels=model.labels,
        accuracy=result.accuracy,
        macro_f1=result.macro_f1,
        classes=project.labels,
        per_class={label: _figures(figures) for label, figures in result.per_class.items()},
        confusion=tuple(map(tuple, result.confusion)),
        size=result.size,
        test_version=project.test.digest,
        seconds=result.seconds,
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
    )


async def checked(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Check
) -> StoppingChecked:
    """Raises TaskError and UserError."""
    project, model = state.project, work.trained
    assert project.stopping is not None
    criterion = check_stopping(project.stopping.name, project.stopping.parameters)
    assert criterion is not None
    items = stopping_set(project)
    before = earlier(state, model.model, past(criterion, project.stopping.parameters))
    learned = at_revisions(state, state.models[work.model].learned)
    result = await worker.run(
        CheckRequest(
            pool=await asyncio.to_thread(store.pool, project),
            classifier=classifier_spec(of_model(state, work.model)),
            labels=project.labels,
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
        )
    )
    return StoppingChecked(
        model=model.model,
        attempt=model.attempt,
        labels=model.labels,
        criterion=criterion.name,
        value=result.value,
        stop=result.stop,
        predicted=result.predicted,
        seconds=result.seconds,
    )
