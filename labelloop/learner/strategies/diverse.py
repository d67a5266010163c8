"""A query strategy whose batches are doubtful texts of different kinds."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from small_text import BreakingTies, Dataset  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Features, Floats, Integers, LoopClassifier
from labelloop.learner.clusters import apart, k_means
from labelloop.learner.strategies.distinct import DistinctBatch

DOUBTFUL, DRAWN = 1500, 500
"""So many texts with the smallest margins are compared, and so many others, drawn at random."""
LEAST = 1e-6
"""The weight of a text of which the model is sure."""


class DiverseTies(DistinctBatch, BreakingTies):  # type: ignore[misc]
    """Doubtful texts of different kinds, as in Zhdanov 2019, "Diverse mini-batch Active Learning".

    The texts are divided by their embeddings into as many clusters as the batch has texts (k-means). The less
    a text's likeliest class is ahead of the second, the more the text weighs. Of each cluster the batch has a
    text that is doubtful and near the centre.

    `pool_embeddings` gives the embeddings of texts, shape (texts, dimensions); None: those of the classifier.
    """

    def __init__(self, pool_embeddings: Callable[[Sequence[str]], Features] | None = None) -> None:
        super().__init__()
        self._pool_embeddings = pool_embeddings

    def ranked(
        self, clf: LoopClassifier, dataset: Dataset, unlabelled: Integers, labelled: Integers, y: Any, n: int
    ) -> Integers:
        own: Any = None if self._pool_embeddings else clf.embed(dataset[unlabelled])
        margins = self.score(clf, dataset, unlabelled, labelled, y)[unlabelled]
        doubtful, others = np.split(np.argsort(margins, kind="stable"), [DOUBTFUL])
        drawn = np.random.permutation(len(others))[:DRAWN]
        compared = np.concatenate([doubtful, others[drawn]])
        texts = [dataset.x[row] for row in unlabelled[compared]]
        embeddings = self._pool_embeddings(texts) if self._pool_embeddings else own[compared]
        rows = in_clusters(apart(embeddings), 1 - margins[compared], n, np.random.randint(2**31))
        return np.concatenate([compared[rows], np.delete(others, drawn)])


def in_clusters(features: Features, doubts: Floats, n: int, seed: int) -> list[int]:
    """All rows: the best of each of `n` clusters first, then the second best of each, and so on.

    `features` has shape (texts, dimensions). `doubts` are from 0 to 1, and the weights of the rows. A row is
    good if it is doubtful and near the centre of its cluster.
    """
    clusters, distances = k_means(features, min(n, len(features)), seed, np.maximum(doubts, LEAST))
    values = doubts * np.exp(-(distances**2))
    better = Counter[int]()
    places = np.empty(len(values), dtype=np.int64)
    for row in np.argsort(-values, kind="stable"):
        places[row] = better[clusters[row]]
        better[clusters[row]] += 1
    rows: list[int] = np.lexsort((-values, places)).tolist()
    return rows
