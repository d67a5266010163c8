"""How far annotators agree, by the recorded votes. Pure but for `alpha`, which loads numpy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from labelloop.loop.state import LoopState
from schemas.parts import AnnotatedItem

Answers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class AnnotatorFigures:
    """How many labels an annotator gave; of those where the others have a majority, how many are like it."""

    labels: int
    compared: int
    agreed: int


def mean(answered: Iterable[AnnotatedItem]) -> float | None:
    """Of the texts with two votes or more, the mean share of the votes that the label got."""
    known = [answer.agreement for answer in answered if answer.agreement is not None]
    return fmean(known) if known else None


def answers(state: LoopState) -> dict[tuple[int, str], Answers]:
    """The submitted labels by username, for each text by its pool item and the batch that asked for it.

    Discarded texts say nothing of labels: they are left out.
    """
    by_text = {
        (answer.item, batch.name): {
            vote.username: vote.labels for vote in answer.votes if vote.status == "submitted"
        }
        for batch in state.batches.values()
        for answer in batch.answers
    }
    return {asked: submitted for asked, submitted in by_text.items() if submitted}


def alpha(texts: Sequence[Answers]) -> float | None:
    """Krippendorff's alpha of nominal labels: 1 for perfect agreement, 0 for what chance would bring.

    None where no text has two labels, and where all texts with two have the same label throughout.
    """
    shared = [list(submitted.values()) for submitted in texts if len(submitted) > 1]
    domain = sorted({labels for unit in shared for labels in unit})
    if len(domain) < 2:
        return None
    import krippendorff

    counts = [[unit.count(labels) for labels in domain] for unit in shared]
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def annotators(texts: Sequence[Answers]) -> dict[str, AnnotatorFigures]:
    """By username: who agrees how often with the majority of the others. A tie among these is no majority."""
    labels, compared, agreed = Counter[str](), Counter[str](), Counter[str]()
    for submitted in texts:
        for username, given in submitted.items():
            labels[username] += 1
            majority = _majority([other for name, other in submitted.items() if name != username])
            if majority is not None:
                compared[username] += 1
                agreed[username] += given == majority
    return {name: AnnotatorFigures(labels[name], compared[name], agreed[name]) for name in sorted(labels)}


def confusions(texts: Sequence[Answers]) -> list[tuple[tuple[str, str], int]]:
    """Pairs of labels that two annotators gave one text, and how often; the most frequent first."""
    counts = Counter(pair for submitted in texts for pair in _pairs(submitted))
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))


def _majority(given: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    ranked = Counter(given).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _pairs(submitted: Answers) -> Iterator[tuple[str, str]]:
    for label, other_label in combinations(submitted.values(), 2):
        if label != other_label:
            first, second = sorted((", ".join(label), ", ".join(other_label)))
            yield first, second
