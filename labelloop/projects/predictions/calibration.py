"""How far a model's probabilities can be trusted, by what it said of texts before people labelled them. Pure.

Each pick is recorded with the label that the model predicted and its probability, and no model picks a text
that it has learned. So the audited texts, which are drawn at random, tell how often models are right that are
so sure: see docs/decisions/0035.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from labelloop.loop.figures import wilson
from labelloop.projects.predictions.reliability import AuditedText

Floats = npt.NDArray[np.float64]
FEWEST = 20
"""With fewer audited texts nothing is calibrated: the figures would be made of noise."""
FEWEST_ABOVE = 10
"""With fewer audited texts above a threshold, nothing is said of the texts above it."""
SPREAD = 0.15
"""The standard deviation of the logarithm of a temperature, before anything is known."""
HOTTEST, STEPS = 3.0, 401
SUREST = 1e-7


@dataclass(frozen=True)
class Calibration:
    """The temperature of the odds of the predicted label (Guo et al. 2017), by so many audited texts."""

    temperature: float
    audited: int

    def of(self, probabilities: Floats) -> Floats:
        """How probable it is that predictions with these probabilities are right."""
        return _sure(_log_odds(probabilities) / self.temperature)


@dataclass(frozen=True)
class AuditedShare:
    """Of the audited texts with at least this probability, how many the predictions were right on.

    `low` and `high`: the 95 % interval of the share.
    """

    audited: int
    right: int
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether there are enough of them to say something."""
        return self.audited >= FEWEST_ABOVE

    @property
    def share(self) -> float:
        return self.right / self.audited


def calibrated(audited_texts: Sequence[AuditedText]) -> Calibration | None:
    """The most probable temperature. None: too few texts are audited.

    Few texts change little: the temperature is near 1 unless they tell otherwise.
    """
    if len(audited_texts) < FEWEST:
        return None
    odds = _log_odds(_probabilities(audited_texts)) * np.where(
        [each.is_right for each in audited_texts], 1, -1
    )
    heats = np.linspace(-log(HOTTEST), log(HOTTEST), STEPS)
    costs = [heat**2 / (2 * SPREAD**2) + np.logaddexp(0, -odds / exp(heat)).sum() for heat in heats]
    return Calibration(exp(heats[int(np.argmin(costs))]), len(audited_texts))


def audited_share(
    audited_texts: Sequence[AuditedText], calibration: Calibration | None, at_least: float
) -> AuditedShare:
    """What the audited texts say of predictions with at least this probability."""
    probabilities = _probabilities(audited_texts)
    if calibration is not None:
        probabilities = calibration.of(probabilities)
    above = [each for each, sure in zip(audited_texts, probabilities, strict=True) if sure >= at_least]
    right = sum(each.is_right for each in above)
    low, high = wilson(right / len(above), len(above)) if above else (0.0, 1.0)
    return AuditedShare(len(above), right, low, high)


def _probabilities(audited_texts: Sequence[AuditedText]) -> Floats:
    return np.array([each.probability for each in audited_texts], dtype=np.float64)


def _log_odds(probabilities: Floats) -> Floats:
    held = probabilities.clip(SUREST, 1 - SUREST)
    odds: Floats = np.log(held / (1 - held))
    return odds


def _sure(odds: Floats) -> Floats:
    sure: Floats = 1 / (1 + np.exp(-odds))
    return sure
