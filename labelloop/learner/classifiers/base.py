"""The interface of a classifier in the loop, which extends small-text's."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from small_text import Classifier, Dataset, EmbeddingMixin  # type: ignore[import-untyped]

from labelloop.errors import UserError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]
Unlabelled = Callable[[int], Sequence[str]]
"""At most so many texts that nobody labelled, drawn at random by the training's seed."""


def margins(probabilities: Floats) -> Floats:
    """By how much each text's likeliest class is ahead of the second. `probabilities`: (texts, classes)."""
    two: Floats = np.sort(probabilities, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


class LoopClassifier(Classifier, EmbeddingMixin):  # type: ignore[misc]
    """A single-label classifier that saves itself into a folder.

    `num_classes` is the setting's. `metrics` are figures of the training, which the log records.
    """

    multi_label = False
    num_classes: int
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
        """Probabilities, shape (texts, classes), or (texts, samples, classes) for several dropout samples."""

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
        """Class numbers, shape (texts,), or a pair with the probabilities if these are requested."""
        probabilities = self.predict_proba(data_set)
        classes = probabilities.argmax(axis=1)
        return (classes, probabilities) if return_proba else classes
