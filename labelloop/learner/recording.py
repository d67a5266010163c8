"""Record what a model says of some texts of the pool, and of the test set."""

import time
from collections.abc import Sequence

import numpy as np

from labelloop.learner import evaluating, labels, runtime
from labelloop.learner.classifiers.base import Floats, Integers, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.requests import PredictionsRequest, PredictionsResult
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts
from labelloop.store.predictions import Booleans, Predictions, Sayings, write

DIGITS = 6
"""Of a probability. Further ones are not the same on each machine."""


def record(request: PredictionsRequest) -> PredictionsResult:
    """Write the file. Texts of the test set whose scores were kept are not scored again."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    size, several = len(request.labels), request.classifier.multi_label
    setting = Setting(request.classifier, size, 0, request.pool, request.cache, request.order_seed)
    classifier = load(request.model_folder, setting, request.labels)
    texts = OpenSnapshot.open(request.pool).texts(request.items)
    probabilities = classifier.predict_proba(labels.unlabelled(texts, size, several))
    pool = _sayings(request.labels, classifier, request.items, probabilities)
    test = _sayings(request.labels, classifier, (), np.empty((0, size)), np.zeros((0, size), np.bool_))
    if request.test is not None:
        asked = request.test
        scored = evaluating.score_test_set(asked, lambda: evaluating.loaded(asked))
        gold = _marked(labels.dense(scored.gold), size, several)
        test = _sayings(request.labels, classifier, scored.rows, scored.probabilities, gold)
    write(request.into, Predictions(request.model, several, test, pool))
    digest = artifacts.file_digest(request.into)
    return PredictionsResult(len(test), len(pool), digest, time.monotonic() - started)


def _sayings(
    names: tuple[str, ...],
    classifier: LoopClassifier,
    items: Sequence[int],
    probabilities: Floats,
    gold: Booleans | None = None,
) -> Sayings:
    classes = labels.dense(classifier.classes(probabilities))
    return Sayings(
        labels=names,
        items=np.array(items, np.int32),
        predicted=_marked(classes, len(names), classifier.multi_label),
        probabilities=probabilities.round(DIGITS).astype(np.float32),
        gold=gold,
    )


def _marked(classes: Integers, size: int, several: bool) -> Booleans:
    """Class numbers, or a matrix of 0 and 1, as a matrix of flags."""
    marked: Booleans = classes.astype(np.bool_) if several else np.eye(size, dtype=np.bool_)[classes]
    return marked
