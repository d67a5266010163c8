"""A base for classifiers that numpy arrays describe."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from safetensors.numpy import load_file, save_file
from small_text import Dataset  # type: ignore[import-untyped]

from labelloop.learner.classifiers.base import Floats, Integers, LoopClassifier
from labelloop.learner.classifiers.registry import Setting

FILE = "arrays.safetensors"


class ArrayClassifier(LoopClassifier):
    """A classifier that sets the attributes which `arrays` names, each a numpy array, when it learns.

    It makes, saves and loads itself. `setting` is what it was made with; `parameters` are its plugin's.
    """

    arrays: ClassVar[tuple[str, ...]]

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.parameters = setting.spec.parameters
        self.num_classes = setting.num_classes
        self.multi_label = setting.spec.multi_label

    def learn(self, texts: Sequence[str], classes: Integers) -> None:
        """Set the arrays. `classes` has the number of each text's class.

        In a multi-label task it is a matrix (texts, classes) of 0 and 1.
        """
        raise NotImplementedError

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """The probabilities of each text's classes, shape (texts, classes)."""
        raise NotImplementedError

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        self.learn(train_set.x, train_set.y.toarray() if self.multi_label else np.asarray(train_set.y))
        return self

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        return self.probabilities(data_set.x)

    @classmethod
    def new(cls, setting: Setting) -> Self:
        return cls(setting)

    @classmethod
    def load(cls, folder: Path, setting: Setting) -> Self:
        classifier, saved = cls(setting), load_file(folder / FILE)
        for name in cls.arrays:
            setattr(classifier, name, saved[name])
        return classifier

    def save(self, folder: Path) -> None:
        contents = {name: np.ascontiguousarray(getattr(self, name)) for name in self.arrays}
        save_file(contents, folder / FILE)
