"""Evaluate a model on labelled texts that it never learns from."""

import time
from collections.abc import Sequence

import numpy as np
from sklearn import metrics  # type: ignore[import-untyped]
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner import labels, runtime
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import EvaluateRequest, EvaluateResult
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts


def evaluate(request: EvaluateRequest) -> EvaluateResult:
    """Accuracy, macro-F1 over the classes that occur, figures per class, and the confusion matrix."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    texts = OpenSnapshot.open(request.texts_path)
    rows, names = _counting(texts.gold(range(len(texts))) or (), request)
    if not names:
        raise UserError("the test set has no labels or no texts; give one with both")
    gold = labels.numbers(names, request.labels)
    size = len(request.labels)
    setting = Setting(request.classifier, size, 0, request.texts_path, request.cache)
    classifier = factory(request.classifier.name).load(request.model_folder, setting)
    predicted = classifier.predict(TextDataset(texts.texts(rows), gold, target_labels=np.arange(size)))
    figures = metrics.precision_recall_fscore_support(gold, predicted, labels=range(size), zero_division=0)
    columns = ("precision", "recall", "f1", "support")
    return EvaluateResult(
        accuracy=float(metrics.accuracy_score(gold, predicted)),
        macro_f1=float(metrics.f1_score(gold, predicted, average="macro", zero_division=0)),
        per_class={
            label: {column: float(values[number]) for column, values in zip(columns, figures, strict=True)}
            for number, label in enumerate(request.labels)
        },
        confusion=metrics.confusion_matrix(gold, predicted, labels=range(size)).tolist(),
        size=len(gold),
        seconds=time.monotonic() - started,
    )


def _counting(
    gold: Sequence[str | Sequence[str]], request: EvaluateRequest
) -> tuple[list[int], list[str | Sequence[str]]]:
    """The rows to evaluate on, and their labels without those that are left out."""
    left_out, known = set(request.left_out), set(request.labels)
    if not left_out and known.issuperset(label for names in gold for label in _each(names)):
        return list(range(len(gold))), list(gold)
    found: dict[int, str | Sequence[str]] = {}
    for row, names in enumerate(gold):
        counting = [label for label in _each(names) if label not in left_out]
        if known.issuperset(counting) and (counting or not names):
            found[row] = names if isinstance(names, str) else counting
    return list(found), list(found.values())


def _each(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names
