"""Check the stopping criterion after a model, with the model's predictions for the stopping set."""

import time

import numpy as np

from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.requests import CheckRequest, CheckResult
from labelloop.learner.stopping import CRITERIA
from labelloop.learner.stopping_criteria import Criterion, StoppingContext
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts


def check(request: CheckRequest) -> CheckResult:
    """The model's predicted classes for the stopping set, and the criterion's result."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    size = len(request.labels)
    criterion: Criterion = CRITERIA.get(request.criterion).loaded()(size, **request.parameters)
    setting = Setting(request.classifier, size, 0, request.pool, request.cache, request.order_seed)
    classifier = load(request.model_folder, setting, request.labels)
    texts = OpenSnapshot.open(request.pool).texts(request.items)
    learned, multi_label = set(request.learned), request.classifier.multi_label
    context = StoppingContext(
        number=request.number,
        before=[np.array(classes) for classes in request.before],
        probabilities=classifier.predict_proba(labels.unlabelled(texts, size, multi_label)),
        unlearned=[row for row, item in enumerate(request.items) if item not in learned],
        counting=classifier.counting if multi_label else None,
    )
    stop, value = criterion.check(context)
    return CheckResult(
        predicted=tuple(int(label) for label in context.predicted),
        value=None if value is None else float(value),
        stop=bool(stop),
        seconds=time.monotonic() - started,
    )
