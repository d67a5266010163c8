"""What is held out of a training to stop it early, and how much a text weighs by its class."""

import numpy as np

from labelloop.learner.classifiers.base import Booleans, Floats, Integers

FEWEST = 2
"""Fewer texts tell nothing."""


def held_out(targets: Integers, share: float, seed: int) -> Integers:
    """The rows to hold out, sorted. None if there would be fewer than two, or a class would be gone.

    `targets` has shape (texts,): of each class about the same share is held out, drawn by the seed. Or it is
    of a multi-label task, shape (texts, labels): what is learned has a yes and a no of each label that has
    both.
    """
    wanted, random = round(share * len(targets)), np.random.default_rng(seed)
    if wanted < FEWEST:
        return np.empty(0, dtype=np.int64)
    rows = _of_labels(targets, wanted, random) if targets.ndim > 1 else _of_classes(targets, wanted, random)
    return np.sort(rows[: wanted if len(rows) >= wanted else 0])


def _of_classes(targets: Integers, wanted: int, random: np.random.Generator) -> Integers:
    classes, counts = np.unique(targets, return_counts=True)
    share, spare = counts * wanted / len(targets), counts - 1
    if wanted > spare.sum():
        return np.empty(0, dtype=np.int64)
    quota = np.minimum(np.floor(share).astype(int), spare)
    while quota.sum() < wanted:
        quota[np.argmax(np.where(quota < spare, share - quota, -np.inf))] += 1
    return np.concatenate(
        [
            random.permutation(np.flatnonzero(targets == each))[:number]
            for each, number in zip(classes, quota, strict=True)
        ]
    )


def _of_labels(targets: Integers, wanted: int, random: np.random.Generator) -> Integers:
    yes = targets > 0
    left = np.stack([(~yes).sum(axis=0), yes.sum(axis=0)])
    rows: list[int] = []
    for row in random.permutation(len(targets)):
        if len(rows) < wanted and _is_spare(left, yes[row]):
            left -= np.stack([~yes[row], yes[row]])
            rows.append(int(row))
    return np.array(rows, dtype=np.int64)


def _is_spare(left: Integers, row: Booleans) -> bool:
    """Whether each label keeps a text like this one; those of which all texts say the same do not count."""
    both = left.min(axis=0) > 0
    return bool((np.where(row, left[1], left[0])[both] > 1).all())


def importances(classes: Integers, is_balanced: bool) -> Floats:
    """The weight of each text. Balanced, those of each class weigh the same together. Their mean is 1."""
    if not is_balanced:
        return np.ones(len(classes))
    _, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
    weights: Floats = len(classes) / (len(counts) * counts[inverse])
    return weights
