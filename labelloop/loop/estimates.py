"""Accuracy on a finite pool, estimated from texts drawn at random. Pure; derived in docs/audit.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959964


@dataclass(frozen=True)
class Sample:
    """Texts drawn at random from the `rest`: what was in no batch before. Counts of texts throughout.

    Of what was in a batch before, `known` have a label, of which the model gets `known_right` right. Of the
    `drawn`, `labelled` have a label (the others were discarded), of which it gets `right` right.
    """

    known: int
    known_right: int
    rest: int
    drawn: int
    labelled: int
    right: int


@dataclass(frozen=True)
class Estimate:
    """The accuracy on all texts of the pool that people would label, with its 95 % interval."""

    accuracy: float
    low: float
    high: float


def estimate(samples: Sequence[Sample]) -> Estimate | None:
    """The accuracy of one model, which has learned none of the drawn texts. None: no drawn text has a label.

    Stratified (Cochran, Sampling Techniques, 1977, ch. 5): the known texts are counted, the rest is
    estimated, once for each sample, and the estimates are averaged by their sizes.
    """
    samples = [sample for sample in samples if sample.drawn]
    labelled = sum(sample.labelled for sample in samples)
    if not labelled:
        return None
    decided = labelled / sum(sample.drawn for sample in samples)
    counted = weight = guessed = fraction = 0.0
    for sample in samples:
        rest = sample.rest * decided
        share = sample.labelled / labelled
        counted += share * sample.known_right / (sample.known + rest)
        weight += share * rest / (sample.known + rest)
        guessed += sample.right / labelled * rest / (sample.known + rest)
        fraction += share * sample.drawn / sample.rest
    # Sums of floats may miss each other by a hair.
    low, high = wilson(min(1.0, guessed / weight), labelled, fraction)
    accuracy = min(1.0, counted + guessed)
    return Estimate(
        accuracy=accuracy,
        low=min(accuracy, counted + weight * low),
        high=min(1.0, max(accuracy, counted + weight * high)),
    )


def wilson(share: float, size: int, fraction: float = 0.0) -> tuple[float, float]:
    """The 95 % interval of a share that was found in `size` of a population's members (Wilson 1927).

    `fraction` of the population was looked at: the whole leaves no doubt (Cochran 1977, ch. 3).
    """
    if fraction >= 1:
        return share, share
    doubt = Z95**2 * (1 - fraction) / size
    centre = (share + doubt / 2) / (1 + doubt)
    half = sqrt(doubt * share * (1 - share) + doubt**2 / 4) / (1 + doubt)
    return max(0.0, centre - half), min(1.0, centre + half)
