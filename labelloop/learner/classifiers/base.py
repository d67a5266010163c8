"""What the loop asks of a classifier, beyond what small-text asks."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from small_text import Classifier, Dataset, EmbeddingMixin  # type: ignore[import-untyped]

from labelloop.errors import UserError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class LoopClassifier(Classifier, EmbeddingMixin):  # type: ignore[misc]
    """A single-label classifier that saves itself into a folder.

    `num_classes` is that of its setting. `metrics` are figures of its training, which the log keeps.
    """

    multi_label = False
    num_classes: int
    metrics: Mapping[str, float] = MappingProxyType({})

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write plain files into an existing folder: no pickles, and of the same model always the same bytes.

        What is a Hugging Face model has its `config.json` there, to which the labels are added.
        """

    @abstractmethod
    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        """Probabilities, shape (texts, classes), or (texts, samples, classes) for several dropout samples."""

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Embeddings, shape (texts, dimensions); a pair with the probabilities when these are asked for.

        Raises UserError where a classifier has none.
        """
        raise UserError(f"{type(self).__name__} has no embeddings; use another --strategy or --classifier")

    def predict(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Class numbers, shape (texts,); a pair with the probabilities when these are asked for."""
        probabilities = self.predict_proba(data_set)
        classes = probabilities.argmax(axis=1)
        return (classes, probabilities) if return_proba else classes
