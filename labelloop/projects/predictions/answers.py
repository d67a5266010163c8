"""What the probabilities of a model say of each text: its likeliest label, or the labels that count. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labelloop.projects.predictions.calibration import Calibration, Floats

DIGITS = 6
"""Of a probability. Further ones are not the same on each machine."""


def likeliest(scores: npt.NDArray[Any], calibration: Calibration | None) -> tuple[npt.NDArray[Any], Floats]:
    """The number of each text's likeliest label, and how probable it is that it is right."""
    best = scores.max(axis=1).astype(np.float64)
    return scores.argmax(axis=1), (best if calibration is None else calibration.of(best)).round(DIGITS)


def shares(scores: npt.NDArray[Any], calibration: Calibration | None) -> Floats:
    """The probabilities of all labels. What the likeliest one leaves is shared by the others as before."""
    classes, best = likeliest(scores, calibration)
    rows = np.arange(len(scores))
    others = scores.astype(np.float64)
    others[rows, classes] = 0.0
    rest = others.sum(axis=1, keepdims=True)
    found: Floats = others / np.where(rest > 0, rest, 1.0) * (1 - best[:, None])
    found[rows, classes] = best
    return found.round(DIGITS)


def counting(labels: Sequence[str], thresholds: Sequence[float], scores: Sequence[float]) -> dict[str, Any]:
    """The labels of a text that reach their thresholds, the likeliest first, and their probabilities."""
    found = [
        (score, -place)
        for place, (score, least) in enumerate(zip(scores, thresholds, strict=True))
        if score >= least
    ]
    found.sort(reverse=True)
    return {
        "labels": [labels[-place] for _, place in found],
        "probabilities": [round(score, DIGITS) for score, _ in found],
    }
