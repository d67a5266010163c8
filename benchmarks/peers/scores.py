"""How a peer is measured: by the same figures as the loop's own models."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn import metrics  # type: ignore[import-untyped]

from benchmarks.loops import Task
from labelloop.learner.labels import numbers
from labelloop.pool.snapshot import OpenSnapshot

Integers = npt.NDArray[np.int64]


def figures(task: Task, predicted: Integers) -> tuple[float, float]:
    """Accuracy, and macro-F1 over the classes that occur, on the test set."""
    gold = gold_of(task)[1]
    f1 = metrics.f1_score(gold, predicted, average="macro", zero_division=0)
    return float(metrics.accuracy_score(gold, predicted)), float(f1)


def gold_of(task: Task) -> tuple[Integers, Integers]:
    """The class numbers of the pool and of the test set."""
    return _gold(task.pool, task.labels), _gold(task.test, task.labels)


@lru_cache(maxsize=2)
def _gold(snapshot: Path, labels: tuple[str, ...]) -> Integers:
    texts = OpenSnapshot.open(snapshot)
    return numbers(texts.gold(range(len(texts))) or [], labels)
