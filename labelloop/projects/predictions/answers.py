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
    probabilities: Floats = others / np.where(rest > 0, rest, 1.0) * (1 - best[:, None])
    probabilities[rows, classes] = best
    return probabilities.round(DIGITS)


def counting(labels: Sequence[str], thresholds: Sequence[float], scores: Sequence[float]) -> dict[str, Any]:
    """The labels of a text that reach their thresholds, the likeliest first, and their probabilities."""
    reached = [
        (score, -number)
        for number, (score, least) in enumerate(zip(scores, thresholds, strict=True))
        if score >= least
    ]
    reached.sort(reverse=True)
    return {
        "labels": [labels[-number] for _, number in reached],
        "probabilities": [round(score, DIGITS) for score, _ in reached],
    }
