"""How far a model's probabilities can be trusted, by what it said of texts before people labelled them. Pure.

Each pick is recorded with the label that the model predicted and its probability, and no model picks a text
that it has learned. So the audited texts, which are drawn at random, tell how often models are right that are
so sure: see docs/decisions/0035.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from labelloop.loop.figures import wilson
from labelloop.loop.labels import current
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState

Floats = npt.NDArray[np.float64]
AUDIT = "audit"
SELF_TRAINED = "pseudo_labels"
"""The figure of a training that also learned from the model's own labels."""
FEWEST = 20
"""With fewer audited texts nothing is calibrated: the figures would be made of noise."""
FEWEST_ABOVE = 10
"""With fewer audited texts above a threshold, nothing is said of the texts above it."""
SPREAD = 0.15
"""The standard deviation of the logarithm of a temperature, before anything is known."""
HOTTEST, STEPS = 3.0, 401
SUREST = 1e-7


@dataclass(frozen=True)
class AuditedText:
    """A text whose label was predicted before people gave it: with which probability, and whether rightly."""

    probability: float
    is_right: bool


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


def audited(state: LoopState, model: str) -> list[AuditedText]:
    """The audited texts with a label, as models like this one predicted them, and this one at the latest."""
    return list(_audited(state, model))


def _audited(state: LoopState, model: str) -> Iterator[AuditedText]:
    names, labels = list(state.models), current(state)
    alike = {name for name in names[: names.index(model) + 1] if _way(state, name) == _way(state, model)}
    for batch in state.batches.values():
        if batch.queried.model not in alike:
            continue
        for pick in batch.queried.items:
            label = labels.get(pick.item)
            if pick.reason == AUDIT and label and pick.predicted and pick.probability is not None:
                yield AuditedText(pick.probability, label == pick.predicted)


def _way(state: LoopState, model: str) -> tuple[object, ...]:
    """In which way a model learned. Models that learned in other ways are more or less sure of themselves."""
    project = of_model(state, model)
    return project.classifier, project.model, SELF_TRAINED in state.models[model].first.metrics


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
