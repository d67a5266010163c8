"""Query strategies whose batches hold no near-copies: for texts of one label each, and of several."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from small_text import (  # type: ignore[import-untyped]
    BreakingTies,
    Classifier,
    Dataset,
    QueryStrategy,
)

from labelloop.learner.classifiers.base import Integers, LoopClassifier, in_turn
from labelloop.pool.near_copies import near_copies

SHORTLIST = 10
"""Times the batch: so many texts are compared first, and ten times as many if that was too few."""


class DistinctTies(BreakingTies):  # type: ignore[misc]
    """Breaking ties (Luo et al. 2005). Of near-copies, a batch holds the one with the smallest margin.

    There are near-copies in a batch only if too few other texts are left.
    """

    def query(
        self,
        clf: Classifier,
        dataset: Dataset,
        indices_unlabeled: Integers,
        indices_labeled: Integers,
        y: Integers,
        n: int = 10,
    ) -> Integers:
        self._validate_query_input(indices_unlabeled, n)
        margins = self.score(clf, dataset, indices_unlabeled, indices_labeled, y)[indices_unlabeled]
        ranked = np.asarray(indices_unlabeled)[np.argsort(margins, kind="stable")]
        picked: Integers = ranked[distinct([dataset.x[row] for row in ranked], n)]
        return picked


def distinct(texts: Sequence[str], n: int) -> list[int]:
    """The numbers of the first `n` texts that are no near-copies of earlier ones, then of the others."""
    size = n * SHORTLIST
    copies = near_copies(texts[:size])
    while size < len(texts) and size - len(copies) < n:
        size *= SHORTLIST
        copies = near_copies(texts[:size])
    return [*(number for number in range(min(size, len(texts))) if number not in copies), *sorted(copies)][:n]


class DistinctLabels(QueryStrategy):  # type: ignore[misc]
    """Of several labels: these take turns, those that fewest texts have first.

    Each takes the text whose probability of the label is nearest to the label's threshold. So labels that are
    rare, or that a model knows badly, have as many turns as others. There are near-copies in a batch only if
    too few other texts are left.
    """

    def query(
        self,
        clf: LoopClassifier,
        dataset: Dataset,
        indices_unlabeled: Integers,
        indices_labeled: Integers,
        y: csr_matrix,
        n: int = 10,
    ) -> Integers:
        self._validate_query_input(indices_unlabeled, n)
        unlabelled = np.asarray(indices_unlabeled)
        distances = clf.distances(clf.predict_proba(dataset[unlabelled]))
        rarest_first = np.argsort(np.asarray(y.sum(axis=0)).ravel(), kind="stable")
        ranked = unlabelled[in_turn(distances[:, rarest_first])]
        picked: Integers = ranked[distinct([dataset.x[row] for row in ranked], n)]
        return picked
