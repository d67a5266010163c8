"""Asks a model for its labels of what people have labelled, and estimates its accuracy on the pool."""

import asyncio
import time

from labelloop.learner.worker import Worker
from labelloop.loop.estimates import estimate
from labelloop.loop.state import Labels, LoopState
from labelloop.projects.predictions import predictions
from labelloop.store import Store
from schemas.events import AuditEstimated
from services.evaluator.audit import samples, texts
from services.evaluator.due import Audit


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
    """What the model's labels of `texts` come to. Pure."""
    found = list(samples(state, work.batches, predicted))
    accuracy = estimate(found)
    assert accuracy is not None
    return AuditEstimated(
        model=work.model,
        attempt=work.trained.attempt,
        labels=work.trained.labels,
        accuracy=accuracy.accuracy,
        low=accuracy.low,
        high=accuracy.high,
        audited=sum(sample.labelled for sample in found),
        known=found[-1].known,
        batches=work.batches,
        seconds=seconds,
    )
