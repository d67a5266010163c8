"""Query strategies whose batches hold no near-copies: for texts of one label each, and of several."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from small_text import (  # type: ignore[import-untyped]
    BreakingTies,
    Dataset,
    QueryStrategy,
)

from labelloop.learner.classifiers.base import Integers, LoopClassifier, in_turn
from labelloop.pool.near_copies import near_copies

SHORTLIST = 10
"""Times the batch: so many texts are compared first, and ten times as many if that was too few."""


class DistinctBatch(QueryStrategy):  # type: ignore[misc]
    """There are near-copies in a batch only if too few other texts are left."""

    def query(
        self,
        clf: LoopClassifier,
        dataset: Dataset,
        indices_unlabeled: Integers,
        indices_labeled: Integers,
        y: Any,
        n: int = 10,
    ) -> Integers:
        self._validate_query_input(indices_unlabeled, n)
        unlabelled = np.asarray(indices_unlabeled)
        ranked = unlabelled[self.ranked(clf, dataset, unlabelled, indices_labeled, y, n)]
        picked: Integers = ranked[distinct([dataset.x[row] for row in ranked], n)]
        return picked

    @abstractmethod
    def ranked(
        self, clf: LoopClassifier, dataset: Dataset, unlabelled: Integers, labelled: Integers, y: Any, n: int
    ) -> Sequence[int] | Integers:
        """All unlabelled texts by their places among these, the best for a batch of `n` first."""


def distinct(texts: Sequence[str], n: int) -> list[int]:
    """The numbers of the first `n` texts that are no near-copies of earlier ones, then of the others."""
    size = n * SHORTLIST
    copies = near_copies(texts[:size])
    while size < len(texts) and size - len(copies) < n:
        size *= SHORTLIST
        copies = near_copies(texts[:size])
    return [*(number for number in range(min(size, len(texts))) if number not in copies), *sorted(copies)][:n]


class DistinctTies(DistinctBatch, BreakingTies):  # type: ignore[misc]
    """Breaking ties (Luo et al. 2005). Of near-copies, a batch holds the one with the smallest margin."""

    def ranked(
        self, clf: LoopClassifier, dataset: Dataset, unlabelled: Integers, labelled: Integers, y: Any, n: int
    ) -> Integers:
        margins = self.score(clf, dataset, unlabelled, labelled, y)[unlabelled]
        return np.argsort(margins, kind="stable")


class DistinctLabels(DistinctBatch):
    """Of several labels: these take turns, those that fewest texts have first.

    Each takes the text whose probability of the label is nearest to the label's threshold. So labels that are
    rare, or that a model knows badly, have as many turns as others.
    """

    def ranked(
        self,
        clf: LoopClassifier,
        dataset: Dataset,
        unlabelled: Integers,
        labelled: Integers,
        y: csr_matrix,
        n: int,
    ) -> list[int]:
        distances = clf.distances(clf.predict_proba(dataset[unlabelled]))
        rarest_first = np.argsort(np.asarray(y.sum(axis=0)).ravel(), kind="stable")
        return in_turn(distances[:, rarest_first])
