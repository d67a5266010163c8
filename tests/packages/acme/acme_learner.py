"""The classes of this package, which the learner's worker loads."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file
from scipy.special import softmax  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]
from small_text import Dataset, QueryStrategy  # type: ignore[import-untyped]

from labelloop import LoopClassifier, Setting, StoppingContext

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
WEIGHTS = "centroids.safetensors"


class Centroids(LoopClassifier):
    """The class whose mean of letter counts is nearest."""

    def __init__(self, setting: Setting) -> None:
        self.num_classes = setting.num_classes
        letters = int(setting.spec.parameters.get("letters", 3))  # type: ignore[arg-type]
        self._counts = HashingVectorizer(analyzer="char_wb", ngram_range=(1, letters), n_features=256)
        self._means: Floats = np.zeros((self.num_classes, 256))

    @classmethod
    def new(cls, setting: Setting) -> Self:
        return cls(setting)

    @classmethod
    def load(cls, folder: Path, setting: Setting) -> Self:
        made = cls(setting)
        made._means = load_file(folder / WEIGHTS)["means"]
        return made

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        features, classes = self.embed(train_set), np.asarray(train_set.y)
        for number in set(classes.tolist()):
            self._means[number] = features[classes == number].mean(axis=0)
        self.metrics = {"classes_seen": float(len(set(classes.tolist())))}
        return self

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        probabilities: Floats = softmax(8 * self.embed(data_set) @ self._means.T, axis=1)
        return probabilities

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        features = self._counts.transform(data_set.x).toarray()
        return (features, self.predict_proba(data_set)) if return_proba else features

    def save(self, folder: Path) -> None:
        save_file({"means": self._means}, folder / WEIGHTS)


class Spread(QueryStrategy):  # type: ignore[misc]
    """Texts far from what is labelled, drawn."""

    def __init__(self, num_classes: int, temperature: float = 1.0) -> None:
        self.num_classes = num_classes
        self.temperature = temperature

    def query(
        self,
        clf: LoopClassifier,
        dataset: Dataset,
        indices_unlabeled: Integers,
        indices_labeled: Integers,
        y: Integers,
        n: int = 10,
    ) -> Integers:
        self._validate_query_input(indices_unlabeled, n)
        assert clf.num_classes == self.num_classes
        features = clf.embed(dataset)
        nearest = (features[indices_unlabeled] @ features[indices_labeled].T).max(axis=1)
        chances = softmax(-nearest / self.temperature)
        drawn: Integers = np.random.choice(indices_unlabeled, size=n, replace=False, p=chances)
        return drawn


class Agreement:
    """The least share of texts on which the newest model agrees with one of the models before it."""

    def __init__(self, num_classes: int, models: int = 1, least: float = 0.9) -> None:
        self.models = models
        self.least = least

    def check(self, context: StoppingContext) -> tuple[bool, float | None]:
        if len(context.before) < self.models:
            return False, None
        same = min(float(np.mean(before == context.predicted)) for before in context.before[-self.models :])
        return same >= self.least, same
