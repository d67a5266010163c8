"""What the loop asks of a classifier, beyond what small-text asks."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from small_text import Classifier, Dataset, EmbeddingMixin  # type: ignore[import-untyped]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class LoopClassifier(Classifier, EmbeddingMixin):  # type: ignore[misc]
    """A single-label classifier with embeddings that saves itself for `transformers.pipeline`."""

    multi_label = False
    num_classes: int
    metrics: dict[str, float]

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write weights (safetensors), config and tokenizer into an existing folder."""

    @abstractmethod
    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        """Probabilities, shape (texts, classes), or (texts, samples, classes) for several dropout samples."""

    @abstractmethod
    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Embeddings, shape (texts, dimensions); a pair with the probabilities when these are asked for."""

    def predict(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        """Class numbers, shape (texts,); a pair with the probabilities when these are asked for."""
        probabilities = self.predict_proba(data_set)
        classes = probabilities.argmax(axis=1)
        return (classes, probabilities) if return_proba else classes
