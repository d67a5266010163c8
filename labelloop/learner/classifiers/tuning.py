"""From which probability on a label of a multi-label text should count, as labelled texts tell.

The threshold with the best F1 differs between labels, and is far below 0.5 while there are few texts. It is
known badly for a label that few texts have, so it is drawn towards one for all labels together, and that to
the usual one.
"""

import numpy as np

from labelloop.learner.classifiers.base import Booleans, Floats, Integers
from labelloop.learner.thresholds import USUAL

USUAL_WEIGHS, COMMON_WEIGHS = 10, 20
"""The usual threshold, and that for all labels, weigh as much as what so many yeses tell."""
LOWEST, HIGHEST = 0.05, 0.95


def tuned(probabilities: Floats, targets: Integers) -> tuple[float, ...]:
    """The threshold of each label. Both arguments have shape (texts, labels).

    The probabilities must be those of a model that has not learned the texts.
    """
    yes = targets > 0
    common = _drawn(probabilities.ravel(), yes.ravel(), USUAL, USUAL_WEIGHS)
    return tuple(_drawn(*label, common, COMMON_WEIGHS) for label in zip(probabilities.T, yes.T, strict=True))


def _drawn(probabilities: Floats, yes: Booleans, towards: float, weighs: int) -> float:
    """The threshold with the best F1, drawn towards another by as much as the yeses are few."""
    count = int(yes.sum())
    if not 0 < count < len(yes):
        return towards
    best = min(max(_best(probabilities, yes), LOWEST), HIGHEST)
    return (weighs * towards + count * best) / (weighs + count)


def _best(probabilities: Floats, yes: Booleans) -> float:
    """The threshold with the best F1, half way between two probabilities. The highest of several."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(yes[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(order) - 1)
    last = int(ends[np.argmax(f1[ends])])
    below = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float((ranked[last] + below) / 2)
