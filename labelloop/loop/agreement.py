"""How well annotators agree, from the recorded votes. Pure, except that `alpha` loads numpy."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from labelloop.loop.labels import named
from labelloop.loop.state import LoopState
from schemas.parts import AnnotatedItem

Answers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class AnnotatorFigures:
    """An annotator's labels; how many the others have a majority for, and how many agree with it."""

    labels: int
    compared: int
    agreed: int


def likeness(labels: Collection[str], others: Collection[str]) -> float:
    """How much of the labels of two answers is in both of them (Jaccard 1901): 1 if they are the same."""
    return len({*labels} & {*others}) / len(union) if (union := {*labels, *others}) else 1.0


def mean(answered: Iterable[AnnotatedItem]) -> float | None:
    """The mean of the texts' agreement, over those with two votes or more."""
    agreements = [answer.agreement for answer in answered if answer.agreement is not None]
    return fmean(agreements) if agreements else None


def answers(state: LoopState) -> dict[tuple[int, str], Answers]:
    """Submitted labels by username, for each pair of pool item and batch. Discarded texts are left out."""
    by_text = {
        (answer.item, batch.name): {
            vote.username: vote.labels for vote in answer.votes if vote.status == "submitted"
        }
        for batch in state.batches.values()
        for answer in batch.answers
    }
    return {asking: submitted for asking, submitted in by_text.items() if submitted}


def alpha(texts: Sequence[Answers]) -> float | None:
    """Krippendorff's alpha for nominal labels: 1 is perfect agreement, 0 is agreement by chance.

    None if no text has two labels, or if all texts with two or more have one and the same label.
    """
    shared = [list(submitted.values()) for submitted in texts if len(submitted) > 1]
    domain = sorted({labels for unit in shared for labels in unit})
    if len(domain) < 2:
        return None
    import krippendorff

    counts = [[unit.count(labels) for labels in domain] for unit in shared]
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def by_label(texts: Sequence[Answers], labels: Sequence[str]) -> dict[str, float | None]:
    """`alpha` of each label of several: whether annotators agree that a text has it."""
    return {
        label: alpha(
            [{who: (str(label in names),) for who, names in submitted.items()} for submitted in texts]
        )
        for label in labels
    }


def annotators(texts: Sequence[Answers]) -> dict[str, AnnotatorFigures]:
    """Figures by username: how often each agrees with the majority of the others. A tie is no majority."""
    labels, compared, agreed = Counter[str](), Counter[str](), Counter[str]()
    for submitted in texts:
        for username, names in submitted.items():
            labels[username] += 1
            majority = _majority([other for name, other in submitted.items() if name != username])
            if majority is not None:
                compared[username] += 1
                agreed[username] += names == majority
    return {name: AnnotatorFigures(labels[name], compared[name], agreed[name]) for name in sorted(labels)}


def confusions(texts: Sequence[Answers]) -> list[tuple[tuple[str, str], int]]:
    """Pairs of different labels that two annotators gave one text, with counts, most frequent first."""
    counts = Counter(pair for submitted in texts for pair in _pairs(submitted))
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))


def _majority(answers_given: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    ranked = Counter(answers_given).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _pairs(submitted: Answers) -> Iterator[tuple[str, str]]:
    for label, other_label in combinations(submitted.values(), 2):
        if label != other_label:
            first, second = sorted((named(label), named(other_label)))
            yield first, second
