"""Convert label names to class numbers, and wrap unlabelled texts."""

from collections.abc import Sequence

import numpy as np
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner.classifiers.base import Integers
from labelloop.learner.requests import Examples


def numbers(names: Sequence[str], labels: Sequence[str]) -> Integers:
    """Class numbers of label names. Raises `UserError` for a name that is not a label of the project."""
    index = {label: number for number, label in enumerate(labels)}
    unknown = sorted(set(names) - set(index))
    if unknown:
        raise UserError(f"unknown label {unknown[0]!r}; the project's labels are {', '.join(labels)}")
    return np.array([index[name] for name in names], dtype=np.int64)


def of_examples(examples: Examples, labels: Sequence[str]) -> Integers:
    """The class number of each example. Raises `UserError` if one has not one of the labels."""
    return numbers([single(names) for _, names in examples], labels)


def unlabelled(texts: Sequence[str], classes: int) -> TextDataset:
    """Unlabelled texts as a data set for a classifier with this number of classes."""
    return TextDataset(texts, np.full(len(texts), -1), target_labels=np.arange(classes))


def single(names: Sequence[str]) -> str:
    """The label of a single-label example."""
    if len(names) != 1:
        raise UserError(f"a text has {len(names)} labels, but the task is single-label: give it one label")
    return names[0]
