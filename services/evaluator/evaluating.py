"""Asks the learner for a model's figures on the test set."""

import asyncio
from collections.abc import Mapping

from labelloop.learner.worker import Worker
from labelloop.loop.state import LoopState
from labelloop.projects.requests import evaluate_request
from labelloop.store import Store
from schemas.events import ModelEvaluated
from schemas.parts import ClassFigures
from services.evaluator.due import Evaluation


async def evaluated(
    worker: Worker, store: Store, threads: int, state: LoopState, work: Evaluation
) -> ModelEvaluated:
    """Raises TaskError and UserError."""
    project, model = state.project, work.trained
    assert project is not None
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
        per_class={label: _figures(found) for label, found in result.per_class.items()},
        confusion=tuple(map(tuple, result.confusion)),
        size=result.size,
        test_version=project.test.digest,
        seconds=result.seconds,
    )


def _figures(found: Mapping[str, float]) -> ClassFigures:
    return ClassFigures(
        precision=found["precision"], recall=found["recall"], f1=found["f1"], support=int(found["support"])
    )
