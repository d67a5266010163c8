"""Breaking ties (Luo et al. 2005), but a batch holds no near-copies of its texts."""

from collections.abc import Sequence

import numpy as np
from small_text import BreakingTies, Classifier, Dataset  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Integers
from labelloop.pool.near_copies import near_copies

SHORTLIST = 10
"""Times the batch: so many texts are compared first, and ten times as many if that was too few."""


class DistinctTies(BreakingTies):  # type: ignore[misc]
    """The texts with the smallest margins. Of near-copies, the one with the smallest.

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
