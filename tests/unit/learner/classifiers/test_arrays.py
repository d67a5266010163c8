"""A classifier that numpy arrays describe makes, saves and loads itself."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from labelloop import ArrayClassifier
from labelloop.learner.classifiers.arrays import FILE
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.requests import ClassifierSpec


class Slopes(ArrayClassifier):
    arrays = ("slopes", "bias")

    def fit(self, train_set: Any, weights: Any = None) -> "Slopes":
        self.slopes = np.arange(6.0).reshape(2, 3).T
        self.bias = np.array([self.num_classes])
        return self

    def predict_proba(self, data_set: Any, *args: Any, **kwargs: Any) -> Any:
        return self.slopes


def setting(folder: Path) -> Setting:
    return Setting(ClassifierSpec("slopes", {}, "tiny", None), 2, 0, folder / "texts", folder / "cache")


def test_what_fit_set_is_loaded_again_byte_by_byte(tmp_path: Path) -> None:
    fitted = Slopes.new(setting(tmp_path)).fit(None)

    fitted.save(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    loaded = Slopes.load(tmp_path, setting(tmp_path))

    assert (loaded.num_classes, loaded.setting) == (2, setting(tmp_path))
    assert np.array_equal(loaded.slopes, fitted.slopes)
    assert np.array_equal(loaded.bias, fitted.bias)
    loaded.save(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_file_sets_only_the_arrays_that_the_class_names(tmp_path: Path) -> None:
    ones = np.ones(1)
    save_file({"slopes": ones, "bias": ones, "predict_proba": ones}, tmp_path / FILE)

    loaded = Slopes.load(tmp_path, setting(tmp_path))

    assert callable(loaded.predict_proba)
