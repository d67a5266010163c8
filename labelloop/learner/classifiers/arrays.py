"""A base for classifiers that numpy arrays describe."""

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from safetensors.numpy import load_file, save_file

from labelloop.learner.classifiers.base import LoopClassifier
from labelloop.learner.classifiers.registry import Setting

FILE = "arrays.safetensors"


class ArrayClassifier(LoopClassifier):
    """A classifier whose `fit` sets the attributes that `arrays` names, each a numpy array.

    It makes, saves and loads itself. `setting` is what it was made with.
    """

    arrays: ClassVar[tuple[str, ...]]

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.num_classes = setting.num_classes

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
