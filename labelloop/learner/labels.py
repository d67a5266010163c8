"""Labels by name as class numbers, and texts that have none."""

from collections.abc import Sequence

import numpy as np
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner.classifiers.base import Integers


def numbers(names: Sequence[str], labels: Sequence[str]) -> Integers:
    """Class numbers of label names; raises `UserError` for a name that is none of the project's labels."""
    index = {label: number for number, label in enumerate(labels)}
    unknown = sorted(set(names) - set(index))
    if unknown:
        raise UserError(f"unknown label {unknown[0]!r}; the project's labels are {', '.join(labels)}")
    return np.array([index[name] for name in names], dtype=np.int64)


def unlabelled(texts: Sequence[str], classes: int) -> TextDataset:
    """Texts to ask a classifier of so many classes about."""
    return TextDataset(texts, np.full(len(texts), -1), target_labels=np.arange(classes))


def single(names: Sequence[str]) -> str:
    """The one label of a single-label example."""
    if len(names) != 1:
        raise UserError(f"a text has {len(names)} labels where the task is single-label")
    return names[0]
