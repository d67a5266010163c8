"""Asks the stopping criterion after a model, by the recorded answers of the models before it."""

import asyncio

from labelloop.learner.project import classifier_spec
from labelloop.learner.requests import CheckRequest
from labelloop.learner.stopping import check_stopping, past
from labelloop.learner.worker import Worker
from labelloop.loop.labels import at_revisions
from labelloop.loop.settings import of_model
from labelloop.loop.state import LoopState
from labelloop.store import Store
from schemas.events import StoppingChecked
from services.evaluator.due import Check
from services.evaluator.stopping import earlier, number_of, stopping_set


async def checked(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Check
) -> StoppingChecked:
    """Raises TaskError and UserError."""
    project, model = state.project, work.trained
    assert project is not None
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
            criterion=criterion,
            parameters=project.stopping.parameters,
            number=number_of(state, model.model),
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
        criterion=criterion,
        value=result.value,
        stop=result.stop,
        predicted=result.predicted,
        seconds=result.seconds,
    )
