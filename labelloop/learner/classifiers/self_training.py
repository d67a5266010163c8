"""Self-training: a model learns on from texts that nobody labelled, by its own labels for them.

Pseudo-labels as in Lee 2013; as many for each class, of those that the model is most sure of, as in
Mukherjee and Awadallah 2020, "Uncertainty-aware Self-training for Few-shot Text Classification".
The numbers here are part of what the parameter `self_training` means, and never change.
"""

import numpy as np

from labelloop.learner.classifiers.base import Floats, Integers, margins

FEWEST_TEXTS, TEXTS_A_CLASS = 1000, 26
"""So many texts of the pool are looked at, whichever is more."""
FEWEST_STEPS, STEPS_A_CLASS = 60, 2
"""So many steps has the second part of the training, whichever is more, but no less than an epoch."""
MOST_LABELS = 30
"""With more labels than so many for each class on average, a model learns from labels alone."""
IN_ALL, FEWEST, MOST = 200, 4, 33
"""Pseudo-labels in all, and the fewest and most for a class."""


def is_due(labels: int, num_classes: int) -> bool:
    """Whether there are few labels."""
    return labels <= MOST_LABELS * num_classes


def sample_size(num_classes: int) -> int:
    """How many texts of the pool are looked at."""
    return max(FEWEST_TEXTS, TEXTS_A_CLASS * num_classes)


def steps(num_classes: int) -> int:
    """How many steps the second part of the training has at least."""
    return max(FEWEST_STEPS, STEPS_A_CLASS * num_classes)


def pseudo_labels(probabilities: Floats, seed: int) -> tuple[Integers, Integers]:
    """The rows of texts to learn from, and their classes. `probabilities` has shape (texts, classes).

    They are drawn from the half of each class that has the largest margins between its two likeliest classes.
    There are none if all texts have the same class: a model would forget the others by them.
    """
    random = np.random.default_rng(seed)
    number = max(FEWEST, min(MOST, IN_ALL // probabilities.shape[1]))
    classes = probabilities.argmax(axis=1)
    predicted = np.unique(classes)
    if len(predicted) < 2:
        return classes[:0], classes[:0]
    sureness = margins(probabilities)
    chosen = []
    for each in predicted:
        rows = np.flatnonzero(classes == each)
        sure = rows[np.argsort(-sureness[rows], kind="stable")[: -(-len(rows) // 2)]]
        chosen.append(random.permutation(sure)[:number])
    rows = np.concatenate(chosen)
    return rows, classes[rows]


def importances(labels: int, pseudo: int, share: float) -> Floats:
    """The weight of each text, those with labels first, with a mean of 1.

    All pseudo-labels together weigh at most `share` of what the labels weigh, and none more than a label.
    """
    weights = np.concatenate([np.ones(labels), np.full(pseudo, min(1.0, share * labels / max(1, pseudo)))])
    scaled: Floats = weights / weights.mean()
    return scaled
