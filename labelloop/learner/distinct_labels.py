"""Picks multi-label texts of which a model is least sure, but a batch holds no near-copies of its texts."""

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from small_text import Dataset, QueryStrategy  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Integers, LoopClassifier, in_turn
from labelloop.learner.distinct_ties import distinct


class DistinctLabels(QueryStrategy):  # type: ignore[misc]
    """The labels take turns, those that fewest texts have first.

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
