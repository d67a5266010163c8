"""How often predictions are right that are so sure, by bins. Pure, and quick to load."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labelloop.loop.figures import wilson
from labelloop.loop.labels import current
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState

AUDIT = "audit"
SELF_TRAINED = "pseudo_labels"
"""The figure of a training that also learned from the model's own labels."""
BINS = 10


@dataclass(frozen=True)
class AuditedText:
    """A text whose label was predicted before people gave it: with which probability, and whether rightly."""

    probability: float
    is_right: bool


@dataclass(frozen=True)
class Bin:
    """Predictions with a probability from `low` to `high`: how many, how sure on average, how many right.

    `right_low` and `right_high`: the 95 % interval (Wilson 1927) of the share that is right.
    """

    low: float
    high: float
    texts: int
    probability: float
    right: float
    right_low: float
    right_high: float


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


def reliability(texts: Sequence[AuditedText], bins: int = BINS) -> list[Bin]:
    """How often predictions are right that are so sure, in bins of equal width; empty ones are left out."""
    by_bin: dict[int, list[AuditedText]] = {}
    for text in texts:
        by_bin.setdefault(min(bins - 1, int(text.probability * bins)), []).append(text)
    return [_bin(number / bins, (number + 1) / bins, each) for number, each in sorted(by_bin.items())]


def _bin(low: float, high: float, texts: Sequence[AuditedText]) -> Bin:
    right = sum(text.is_right for text in texts) / len(texts)
    mean = sum(text.probability for text in texts) / len(texts)
    return Bin(low, high, len(texts), mean, right, *wilson(right, len(texts)))


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error (Naeini et al. 2015): how far sureness and rightness are apart."""
    texts = sum(each.texts for each in bins)
    return sum(each.texts * abs(each.probability - each.right) for each in bins) / max(1, texts)
