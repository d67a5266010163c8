"""small-text's stopping criteria, called as if they had seen every model, and their check after a model."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import small_text  # type: ignore[import-untyped]
from scipy.stats import entropy  # type: ignore[import-untyped]

from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.base import Booleans, Floats, Integers
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.requests import CheckRequest, CheckResult
from labelloop.learner.stopping.registry import CRITERIA
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts

Verdict = tuple[bool, float | None]


@dataclass(frozen=True)
class StoppingContext:
    """Predictions of models for the same texts. Each text is one row of every array.

    `number`: how many models there are, including the newest. `before`: class numbers by earlier models,
    oldest first, as many as the criterion needs. `probabilities`: by the newest model, shape (texts,
    classes). `unlearned`: the rows that the newest model has not learned. `counting`: in a multi-label task,
    which labels count with these probabilities. There the class number of a text has bit i set if label i
    counts.
    """

    number: int
    before: Sequence[Integers]
    probabilities: Floats
    unlearned: Sequence[int]
    counting: Callable[[Floats], Booleans] | None = None

    @property
    def predicted(self) -> Integers:
        """The class numbers that the newest model predicts."""
        predicted: Integers = self.probabilities.argmax(axis=1)
        if self.counting is not None:
            predicted = self.counting(self.probabilities) @ (1 << np.arange(self.probabilities.shape[1]))
        return predicted


class Criterion(Protocol):
    """A stopping criterion, created with a number of classes and its parameters."""

    def check(self, context: StoppingContext) -> Verdict:
        """Whether to stop, and the criterion's value (None if there are too few models yet)."""


class KappaAverage:
    """The mean Cohen's kappa of the last pairs of models."""

    def __init__(self, num_classes: int, **parameters: Any) -> None:
        self._criterion = small_text.KappaAverage(num_classes=num_classes, **parameters)

    def check(self, context: StoppingContext) -> Verdict:
        stop = _after_all(self._criterion, context)
        is_full = len(context.before) >= self._criterion.window_size
        return stop, _finite(np.mean(self._criterion.kappa_history)) if is_full else None


class DeltaFScore:
    """The largest predicted change of the F-score between the last pairs of models."""

    def __init__(self, num_classes: int, **parameters: Any) -> None:
        self._criterion = small_text.DeltaFScore(num_classes=num_classes, **parameters)

    def check(self, context: StoppingContext) -> Verdict:
        stop = _after_all(self._criterion, context)
        is_full = len(context.before) >= self._criterion.window_size
        return stop, _finite(np.max(self._criterion.delta_history)) if is_full else None


class ClassificationChange:
    """The share of texts whose predicted class changed since the model before."""

    def __init__(self, num_classes: int, **parameters: Any) -> None:
        self._criterion = small_text.ClassificationChange(num_classes=num_classes, **parameters)

    def check(self, context: StoppingContext) -> Verdict:
        stop = _after_all(self._criterion, context)
        changed = np.mean(context.before[-1] != context.predicted) if context.before else None
        return stop, None if changed is None else float(changed)


class OverallUncertainty:
    """The mean entropy of the predictions for texts that the model has not learned."""

    def __init__(self, num_classes: int, **parameters: Any) -> None:
        self._classes = num_classes
        self._criterion = small_text.OverallUncertainty(num_classes=num_classes, **parameters)

    def check(self, context: StoppingContext) -> Verdict:
        if not context.unlearned:
            return False, None
        rows = np.array(context.unlearned)
        stop = self._criterion.stop(proba=context.probabilities, indices_stopping=rows)
        uncertainty = np.mean(entropy(context.probabilities[rows], axis=1)) / math.log(self._classes)
        return bool(stop), float(uncertainty)


class MaxIterations:
    """The number of models."""

    def __init__(self, num_classes: int, **parameters: Any) -> None:
        self._criterion = small_text.MaxIterations(**parameters)

    def check(self, context: StoppingContext) -> Verdict:
        stops = [self._criterion.stop(predictions=context.predicted) for _ in range(context.number)]
        return bool(stops[-1]), context.number


def _after_all(criterion: small_text.StoppingCriterion, context: StoppingContext) -> bool:
    """Whether the criterion says stop after it has seen all models in order."""
    with np.errstate(invalid="ignore"):  # DeltaFScore divides 0 by 0 where no text is of its class.
        for classes in context.before:
            criterion.stop(predictions=classes)
        return bool(criterion.stop(predictions=context.predicted))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


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
