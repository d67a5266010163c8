"""Clusters of texts by their embeddings."""

import warnings

import numpy as np
from sklearn.cluster import KMeans  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Features, Floats, Integers


def apart(embeddings: Features) -> Features:
    """Embeddings less what all texts have in common, scaled to length 1."""
    centred = embeddings - embeddings.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    scaled: Features = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
    return scaled


def k_means(
    features: Features, clusters: int, seed: int, weights: Integers | Floats | None = None
) -> tuple[Integers, Floats]:
    """The cluster of each row, and how far the row is from the cluster's centre.

    `features` has shape (texts, dimensions), and no fewer rows than there are clusters. `weights` says how
    much each row counts (one).
    """
    means = KMeans(clusters, n_init=1, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # texts that are alike make fewer clusters
        distances = means.fit_transform(features, sample_weight=weights)
    labels: Integers = means.labels_
    own: Floats = distances[np.arange(len(labels)), labels]
    return labels, own
