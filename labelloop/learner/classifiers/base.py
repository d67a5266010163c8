"""The interface of a classifier in the loop, which extends small-text's."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from small_text import Classifier, Dataset, EmbeddingMixin  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner.thresholds import USUAL

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]
Unlabelled = Callable[[int], Sequence[str]]
"""At most so many texts that nobody labelled, drawn at random by the training's seed."""


def margins(probabilities: Floats) -> Floats:
    """By how much each text's likeliest class is ahead of the second. `probabilities`: (texts, classes)."""
    two: Floats = np.sort(probabilities, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


def in_turn(distances: Floats) -> list[int]:
    """All rows, as the columns take them in turn, each of those that are left the one nearest to it."""
    nearest = np.argsort(distances, axis=0, kind="stable")
    queues = [map(int, rows) for rows in nearest.T]
    taken: dict[int, None] = {}
    for rows in cycle(queues):
        row = next((row for row in rows if row not in taken), None)
        if row is None:
            break
        taken[row] = None
    return list(taken)


class LoopClassifier(Classifier, EmbeddingMixin):  # type: ignore[misc]
    """A classifier that saves itself into a folder.

    `num_classes` and `multi_label` are the setting's. `metrics` are figures of the training, which the log
    records. `thresholds`: in a multi-label task, from which probability on each label counts (0.5 if there
    are none). They are kept beside what the classifier saves.
    """

    multi_label = False
    num_classes: int
    thresholds: Sequence[float] = ()
    metrics: Mapping[str, float] = MappingProxyType({})

    def fit_with(self, train_set: Dataset, unlabelled: Unlabelled) -> Self:
        """Fit on the labelled texts. A classifier may learn from unlabelled ones, too."""
        self.fit(train_set)
        return self

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write plain files into an existing folder. No pickles; the same model always gives the same bytes.

        A Hugging Face model writes its `config.json` there, to which the labels are added.
        """

    @abstractmethod
    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        """Probabilities, shape (texts, classes), or (texts, samples, classes) for several dropout samples.

        Those of a multi-label text are of one label each, and do not add up to 1.
        """

    def predict_once(self, data_set: Dataset) -> Floats:
        """Probabilities, shape (texts, classes), of texts that are seen once: nothing is kept of them."""
        return self.predict_proba(data_set)

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Embeddings, shape (texts, dimensions), or a pair with the probabilities if these are requested.

        Raises UserError if a classifier has no embeddings.
        """
        raise UserError(f"{type(self).__name__} has no embeddings; use another --strategy or --classifier")

    def predict(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Class numbers, shape (texts,), or a pair with the probabilities if these are requested.

        In a multi-label task both are sparse, shape (texts, classes), of the labels that count.
        """
        probabilities: Any = self.predict_proba(data_set)
        classes = self.classes(probabilities)
        if self.multi_label:
            probabilities = csr_matrix(classes.multiply(probabilities))
        return (classes, probabilities) if return_proba else classes

    def classes(self, probabilities: Floats) -> Any:
        """What `predict` says of texts with these probabilities."""
        if self.multi_label:
            return csr_matrix(self.counting(probabilities), dtype=np.int64)
        return probabilities.argmax(axis=1)

    def counting(self, probabilities: Floats) -> Booleans:
        """Which labels of multi-label texts count, of the same shape as the probabilities."""
        counts: Booleans = probabilities >= np.array(self.thresholds or USUAL)
        return counts

    def distances(self, probabilities: Floats) -> Floats:
        """How far the probabilities of multi-label texts are from the thresholds, of the same shape."""
        distances: Floats = np.abs(probabilities - np.array(self.thresholds or USUAL))
        return distances
