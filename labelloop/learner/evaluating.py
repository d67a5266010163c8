"""Evaluate a model on labelled texts that it never learns from, and record what it says of texts."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner import labels, runtime
from labelloop.learner.array_files import read_or_computed
from labelloop.learner.classifiers.base import Floats, Integers, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.requests import EvaluateRequest, EvaluateResult, PredictionsRequest, PredictionsResult
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import artifacts
from labelloop.store.predictions import Booleans, Sayings, StoredPredictions, write

DIGITS = 6
"""Of a probability. Further ones are not the same on each machine."""


def evaluate(request: EvaluateRequest) -> EvaluateResult:
    """Accuracy, macro-F1 over the classes that occur, figures per class, and the confusion matrix.

    In a multi-label task there is no confusion matrix, but micro-F1, and a text is right as a whole or not.
    """
    started = time.monotonic()
    runtime.prepare(request.threads)
    artifacts.verify(request.model_folder, request.model_sha256)
    classifier = loaded(request)
    scored = score_test_set(request, lambda: classifier)
    if not scored.rows:
        raise UserError("the test set has no labels or no texts; give one with both")
    multi_label, size = request.classifier.multi_label, len(request.labels)
    gold, predicted = scored.gold, classifier.classes(scored.probabilities)
    figures = metrics.precision_recall_fscore_support(
        gold, predicted, labels=range(size), average=None, zero_division=0
    )
    columns = ("precision", "recall", "f1", "support")
    occurring = np.flatnonzero((gold + predicted).sum(axis=0)) if multi_label else ()

    def f1(average: str) -> float:
        counted_classes = occurring if len(occurring) else None
        return float(
            metrics.f1_score(gold, predicted, labels=counted_classes, average=average, zero_division=0)
        )

    return EvaluateResult(
        accuracy=float(metrics.accuracy_score(gold, predicted)),
        macro_f1=f1("macro"),
        micro_f1=f1("micro") if multi_label else None,
        per_class={
            label: {column: float(values[number]) for column, values in zip(columns, figures, strict=True)}
            for number, label in enumerate(request.labels)
        },
        confusion=[]
        if multi_label
        else metrics.confusion_matrix(gold, predicted, labels=range(size)).tolist(),
        size=len(scored.rows),
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True)
class ScoredTestSet:
    """The rows of the texts that count, what they are, and the probabilities of all labels, for each."""

    rows: Sequence[int]
    gold: labels.Targets
    probabilities: Floats


def loaded(request: EvaluateRequest) -> LoopClassifier:
    """The classifier to evaluate."""
    setting = Setting(request.classifier, len(request.labels), 0, request.texts_path, request.cache)
    return load(request.model_folder, setting, request.labels)


def score_test_set(request: EvaluateRequest, classifier: Callable[[], LoopClassifier]) -> ScoredTestSet:
    """Score the texts that count, unless that was done and kept. Then no classifier is needed."""
    multi_label, size = request.classifier.multi_label, len(request.labels)
    texts = OpenSnapshot.open(request.texts_path)
    rows, names = counting(texts.gold(range(len(texts))) or (), request.labels, request.left_out)
    gold = labels.matrix(names, request.labels) if multi_label else labels.numbers(names, request.labels)

    def score() -> Any:
        return classifier().predict_proba(labels.data_set(texts.texts(rows), gold, size))

    if not rows:
        return ScoredTestSet((), gold, np.empty((0, size)))
    kept = request.scores
    probabilities: Any = score() if kept is None else read_or_computed(kept, len(rows), score)
    return ScoredTestSet(rows, gold, probabilities)


def counting(
    gold: Sequence[Any], names: Collection[str], leaving_out: Collection[str]
) -> tuple[list[int], list[Any]]:
    """The rows to evaluate on, and their labels without those that are left out."""
    left_out, label_names = set(leaving_out), set(names)
    if not left_out and label_names.issuperset(label for labelled in gold for label in _each(labelled)):
        return list(range(len(gold))), list(gold)
    gold_of_row: dict[int, Any] = {}
    for row, labelled in enumerate(gold):
        remaining = [label for label in _each(labelled) if label not in left_out]
        if label_names.issuperset(remaining) and (remaining or not labelled):
            gold_of_row[row] = labelled if isinstance(labelled, str) else remaining
    return list(gold_of_row), list(gold_of_row.values())


def _each(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


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
        scored = score_test_set(asked, lambda: loaded(asked))
        gold = _marked(labels.dense(scored.gold), size, several)
        test = _sayings(request.labels, classifier, scored.rows, scored.probabilities, gold)
    write(request.into, StoredPredictions(request.model, several, test, pool))
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
