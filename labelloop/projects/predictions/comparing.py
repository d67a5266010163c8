"""What changed from one model to another: which texts get other labels, and what that does. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, lgamma, log, sqrt

import numpy as np
import numpy.typing as npt

from labelloop.loop.figures import Z95
from labelloop.store.predictions import Booleans, Sayings, StoredPredictions

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Flip:
    """A text that gets other labels, and how probable the likeliest one was. `gold`: of the test set."""

    item: int
    before: Labels
    after: Labels
    probability_before: float
    probability_after: float
    gold: Labels | None = None

    @property
    def sureness(self) -> float:
        """How sure both models were."""
        return min(self.probability_before, self.probability_after)


@dataclass(frozen=True)
class Move:
    """How many texts had these labels before, and those after."""

    before: Labels
    after: Labels
    texts: int


@dataclass(frozen=True)
class AccuracyChange:
    """Two models on the same labelled texts. `gained`: only the later is right on them; `lost`: the earlier.

    `p_value`: how probable it is that two equally good models differ as much. `low` and `high`: the 95 %
    interval of the difference.
    """

    texts: int
    before: float
    after: float
    gained: int
    lost: int
    p_value: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return (self.gained - self.lost) / self.texts


@dataclass(frozen=True)
class ClassChange:
    """How often a label was and is predicted, in the compared texts of the pool; its F1 on the test set."""

    label: str
    before: int
    after: int
    support: int | None = None
    f1_before: float | None = None
    f1_after: float | None = None


@dataclass(frozen=True)
class ModelComparison:
    """Two models on the texts for which both have predictions. `test` None: there is no such test set.

    Flips are sorted by how sure both models were, the surest first; moves by how many texts they are.
    """

    before: str
    after: str
    labels: Labels
    compared: int
    flips: tuple[Flip, ...]
    test: AccuracyChange | None
    test_flips: tuple[Flip, ...]
    classes: tuple[ClassChange, ...]

    @property
    def moves(self) -> tuple[Move, ...]:
        """The flips of the pool by the labels before and after."""
        counts = Counter((flip.before, flip.after) for flip in self.flips)
        return tuple(Move(*pair, texts) for pair, texts in counts.most_common())


def compare(before: StoredPredictions, after: StoredPredictions, same_test_set: bool) -> ModelComparison:
    """Compare the predictions of two models."""
    labels = (*after.labels, *(label for label in before.labels if label not in after.labels))
    pools = _in_common(before.pool, after.pool, labels)
    tests = _in_common(before.test, after.test, labels) if same_test_set else None
    is_tested = tests is not None and len(tests[0]) > 0
    f1 = [_f1(each) for each in tests] if tests and is_tested else None
    support = tests[1].gold.sum(axis=0) if tests and is_tested and tests[1].gold is not None else None
    counts = [each.predicted.sum(axis=0) for each in pools]
    classes = tuple(
        ClassChange(
            label,
            int(counts[0][place]),
            int(counts[1][place]),
            None if support is None else int(support[place]),
            None if f1 is None else float(f1[0][place]),
            None if f1 is None else float(f1[1][place]),
        )
        for place, label in enumerate(labels)
    )
    return ModelComparison(
        before=before.model,
        after=after.model,
        labels=labels,
        compared=len(pools[0]),
        flips=_flips(*pools),
        test=accuracy_change(tests[0].is_right, tests[1].is_right) if tests and is_tested else None,
        test_flips=_flips(*tests) if tests else (),
        classes=classes,
    )


def accuracy_change(before: Booleans, after: Booleans) -> AccuracyChange:
    """The change by which texts each of two models is right on, of the same texts, of which there are some.

    The p-value is that of the exact test of McNemar (1947), two-sided; the interval is the adjusted Wald
    interval for paired shares of Bonett and Price (2012), which also holds for few texts.
    """
    texts = len(before)
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    p_gained, p_lost = (gained + 1) / (texts + 2), (lost + 1) / (texts + 2)
    centre = p_gained - p_lost
    half = Z95 * sqrt((p_gained + p_lost - centre**2) / (texts + 2))
    return AccuracyChange(
        texts=texts,
        before=float(before.mean()),
        after=float(after.mean()),
        gained=gained,
        lost=lost,
        p_value=mcnemar(gained, lost),
        low=max(-1.0, centre - half),
        high=min(1.0, centre + half),
    )


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided p-value of McNemar's exact test, by how many texts only one of two models is right on."""
    differing = gained + lost
    whole = lgamma(differing + 1) - differing * log(2)
    chances = (
        exp(whole - lgamma(count + 1) - lgamma(differing - count + 1))
        for count in range(min(gained, lost) + 1)
    )
    return min(1.0, 2 * fsum(chances))


def _in_common(before: Sayings, after: Sayings, labels: Labels) -> tuple[Sayings, Sayings]:
    """Both for the texts that both have, with columns for all labels."""
    _, rows_before, rows_after = np.intersect1d(before.items, after.items, return_indices=True)
    return _aligned(before, rows_before, labels), _aligned(after, rows_after, labels)


def _aligned(sayings: Sayings, rows: npt.NDArray[np.int64], labels: Labels) -> Sayings:
    places = [labels.index(label) for label in sayings.labels]

    def wide(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        widened = np.zeros((len(rows), len(labels)), values.dtype)
        widened[:, places] = values[rows]
        return widened

    return Sayings(
        labels,
        sayings.items[rows],
        wide(sayings.predicted).astype(np.bool_),
        wide(sayings.probabilities).astype(np.float32),
        None if sayings.gold is None else wide(sayings.gold).astype(np.bool_),
    )


def _flips(before: Sayings, after: Sayings) -> tuple[Flip, ...]:
    rows: Sequence[int] = np.flatnonzero((before.predicted != after.predicted).any(axis=1)).tolist()
    highest = before.highest, after.highest
    flips = [
        Flip(
            item=int(after.items[row]),
            before=before.names(before.predicted[row]),
            after=after.names(after.predicted[row]),
            probability_before=float(highest[0][row]),
            probability_after=float(highest[1][row]),
            gold=None if after.gold is None else after.names(after.gold[row]),
        )
        for row in rows
    ]
    return tuple(sorted(flips, key=lambda flip: (-flip.sureness, flip.item)))


def _f1(tested: Sayings) -> npt.NDArray[np.float64]:
    """Of each label: 0 where it neither occurs nor is predicted."""
    assert tested.gold is not None
    right = (tested.gold & tested.predicted).sum(axis=0)
    both = tested.gold.sum(axis=0) + tested.predicted.sum(axis=0)
    f1: npt.NDArray[np.float64] = 2 * right / np.maximum(both, 1)
    return f1
