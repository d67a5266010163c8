"""A classifier for one pick: it scores no text twice."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from small_text import Dataset  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Floats, LoopClassifier


class ScoredOnce(LoopClassifier):
    """Another classifier, whose probabilities of a text it remembers. Dropout samples are drawn anew."""

    def __init__(self, classifier: LoopClassifier) -> None:
        self._classifier = classifier
        self._probabilities: dict[str, Floats] = {}
        self.num_classes = classifier.num_classes
        self.multi_label = classifier.multi_label
        self.thresholds = classifier.thresholds

    def __getattr__(self, name: str) -> Any:
        # Some strategies read a network's attributes, as `model`.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._classifier, name)

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        self._probabilities.clear()
        self._classifier.fit(train_set, weights)
        return self

    def save(self, folder: Path) -> None:
        self._classifier.save(folder)

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        if dropout_sampling > 1:
            return self._classifier.predict_proba(data_set, dropout_sampling=dropout_sampling)
        new = [row for row, text in enumerate(data_set.x) if text not in self._probabilities]
        if new:
            others = data_set[np.array(new)]
            self._remember(others, self._classifier.predict_proba(others))
        return np.array([self._probabilities[text] for text in data_set.x]).reshape(-1, self.num_classes)

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        embeddings, probabilities = self._classifier.embed(data_set, return_proba=True, **kwargs)
        self._remember(data_set, probabilities)
        return (embeddings, probabilities) if return_proba else embeddings

    def _remember(self, data_set: Dataset, probabilities: Floats) -> None:
        self._probabilities.update(zip(data_set.x, probabilities, strict=True))
