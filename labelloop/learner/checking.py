"""Asks a stopping criterion of small-text, as if it had seen every model so far."""

import math
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from scipy.stats import entropy  # type: ignore[import-untyped]
from small_text import StoppingCriterion  # type: ignore[import-untyped]

from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.base import Floats, Integers
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import CheckRequest, CheckResult
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts


def check(request: CheckRequest) -> CheckResult:
    """The model's classes of the stopping set, and what the criterion says after it."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    size = len(request.labels)
    setting = Setting(request.classifier, size, 0, request.pool, request.cache)
    classifier = factory(request.classifier.name).load(request.model_folder, setting)
    texts = OpenSnapshot.open(request.pool).texts(request.items)
    probabilities = classifier.predict_proba(labels.unlabelled(texts, size))
    learned = set(request.learned)
    asked = AskedCriterion(request.criterion, request.parameters, size)
    unlearned = [row for row, item in enumerate(request.items) if item not in learned]
    stop, value = asked.after(request.before, probabilities, unlearned, request.number)
    predicted = tuple(int(found) for found in probabilities.argmax(axis=1))
    return CheckResult(predicted, value, stop, time.monotonic() - started)


class AskedCriterion:
    """A criterion by its class name, for so many classes."""

    def __init__(self, name: str, parameters: Any, classes: int) -> None:
        self._name = name
        self._classes = classes
        given = {} if name == "MaxIterations" else {"num_classes": classes}
        self._criterion: StoppingCriterion = getattr(import_module("small_text"), name)(**given, **parameters)

    def after(
        self, before: Sequence[Sequence[int]], probabilities: Floats, unlearned: Sequence[int], number: int
    ) -> tuple[bool, float | None]:
        """Whether to stop after the model of these probabilities, and the value by which that is decided.

        `before` are the classes by the models before it; `unlearned` are the rows that it has not learned;
        `number` is how many models there are with it.
        """
        predicted = probabilities.argmax(axis=1)
        if self._name == "MaxIterations":
            stops = [self._criterion.stop(predictions=predicted) for _ in range(number)]
            return bool(stops[-1]), number
        if self._name == "OverallUncertainty":
            if not unlearned:
                return False, None
            stop = self._criterion.stop(proba=probabilities, indices_stopping=np.array(unlearned))
            return bool(stop), self._uncertainty(probabilities[list(unlearned)])
        earlier = [np.array(classes) for classes in before]
        with np.errstate(invalid="ignore"):  # DeltaFScore divides 0 by 0 where no text is of its class.
            for classes in earlier:
                self._criterion.stop(predictions=classes)
            stop = self._criterion.stop(predictions=predicted)
        return bool(stop), _finite(self._value(earlier, predicted))

    def _value(self, earlier: Sequence[Integers], predicted: Integers) -> float | None:
        if self._name == "ClassificationChange":
            return float(np.mean(earlier[-1] != predicted)) if earlier else None
        if len(earlier) < self._criterion.window_size:
            return None
        if self._name == "KappaAverage":
            return float(np.mean(self._criterion.kappa_history))
        return float(np.max(self._criterion.delta_history))

    def _uncertainty(self, probabilities: Floats) -> float:
        return float(np.mean(entropy(probabilities, axis=1)) / math.log(self._classes))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
