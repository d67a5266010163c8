"""A classifier that numpy arrays describe makes, saves and loads itself."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop import ArrayClassifier
from labelloop.learner.classifiers.arrays import FILE
from labelloop.learner.classifiers.base import Floats, Integers
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.requests import ClassifierSpec


class Slopes(ArrayClassifier):
    arrays = ("slopes", "bias")

    def learn(self, texts: Sequence[str], classes: Integers) -> None:
        self.slopes = np.arange(6.0).reshape(2, 3).T
        self.bias = np.array([self.parameters["bias"], len(texts), *classes])

    def probabilities(self, texts: Sequence[str]) -> Floats:
        return np.full((len(texts), self.num_classes), self.bias[0])


TEXTS = TextDataset(["win", "lunch"], np.array([1, 0]), target_labels=np.array([0, 1]))


def setting(folder: Path) -> Setting:
    return Setting(
        ClassifierSpec("slopes", {"bias": 0.5}, "tiny", None), 2, 0, folder / "texts", folder / "cache"
    )


def test_what_fit_set_is_loaded_again_byte_by_byte(tmp_path: Path) -> None:
    fitted = Slopes.new(setting(tmp_path)).fit(TEXTS)

    fitted.save(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    loaded = Slopes.load(tmp_path, setting(tmp_path))

    assert (loaded.num_classes, loaded.setting) == (2, setting(tmp_path))
    assert np.array_equal(loaded.slopes, fitted.slopes)
    assert np.array_equal(loaded.bias, fitted.bias)
    loaded.save(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_it_learns_texts_with_the_numbers_of_their_classes_and_predicts_texts(tmp_path: Path) -> None:
    fitted = Slopes.new(setting(tmp_path)).fit(TEXTS)

    assert list(fitted.bias) == [0.5, 2, 1, 0]
    assert fitted.predict_proba(TEXTS).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_a_file_sets_only_the_arrays_that_the_class_names(tmp_path: Path) -> None:
    ones = np.ones(1)
    save_file({"slopes": ones, "bias": ones, "predict_proba": ones}, tmp_path / FILE)

    loaded = Slopes.load(tmp_path, setting(tmp_path))

    assert callable(loaded.predict_proba)
