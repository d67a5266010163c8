"""Convert label names to class numbers or label matrices, and wrap texts with them for small-text."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner.classifiers.base import Integers
from labelloop.learner.requests import Examples

Targets: TypeAlias = Integers | csr_matrix
"""The class number of each text, or of a multi-label task a matrix (texts, classes) of 0 and 1."""


def numbers(names: Sequence[str], labels: Sequence[str]) -> Integers:
    """Class numbers of label names. Raises `UserError` for a name that is not a label of the project."""
    index = {label: number for number, label in enumerate(labels)}
    unknown = sorted(set(names) - set(index))
    if unknown:
        raise UserError(f"unknown label {unknown[0]!r}; the project's labels are {', '.join(labels)}")
    return np.array([index[name] for name in names], dtype=np.int64)


def matrix(names: Sequence[Sequence[str]], labels: Sequence[str]) -> csr_matrix:
    """The label matrix of texts by the names of their labels. Raises `UserError` as `numbers`."""
    each = [numbers(sorted(set(of_text)), labels) for of_text in names]
    rows = np.repeat(np.arange(len(each)), [len(columns) for columns in each])
    columns = np.concatenate([np.empty(0, dtype=np.int64), *each])
    return csr_matrix((np.ones_like(columns), (rows, columns)), shape=(len(each), len(labels)))


def of_examples(examples: Examples, labels: Sequence[str], multi_label: bool = False) -> Targets:
    """What the examples say. Raises `UserError` for a label that is none of these.

    It also raises `UserError` for a single-label example that has not one label.
    """
    if multi_label:
        return matrix([names for _, names in examples], labels)
    return numbers([single(names) for _, names in examples], labels)


def dense(targets: Targets) -> Integers:
    """Targets as a plain array, of one or of two dimensions."""
    array: Integers = targets if isinstance(targets, np.ndarray) else targets.toarray()
    return array


def tell_apart(targets: Targets) -> bool:
    """Whether there is something to learn: two classes, or a label that some texts have and others not."""
    array = dense(targets)
    return bool(len(array) and (array != array[0]).any())


def data_set(texts: Sequence[str], targets: Targets, classes: int) -> TextDataset:
    """Texts with what is known of them, as a data set for a classifier with this number of classes."""
    return TextDataset(list(texts), targets, target_labels=np.arange(classes))


def unlabelled(texts: Sequence[str], classes: int, multi_label: bool = False) -> TextDataset:
    """Unlabelled texts as a data set for a classifier with this number of classes."""
    return data_set(texts, of_none(len(texts), classes, multi_label), classes)


def of_none(texts: int, classes: int, multi_label: bool) -> Targets:
    """The targets of so many texts of which nothing is known."""
    return csr_matrix((texts, classes), dtype=np.int64) if multi_label else np.full(texts, -1)


def single(names: Sequence[str]) -> str:
    """The label of a single-label example."""
    if len(names) != 1:
        raise UserError(f"a text has {len(names)} labels, but the task is single-label: give it one label")
    return names[0]
