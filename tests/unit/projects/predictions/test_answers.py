"""What probabilities say of texts."""

import numpy as np
import pytest

from labelloop.projects.predictions.answers import counting, likeliest, shares
from labelloop.projects.predictions.calibration import Calibration

SCORES = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [1.0, 0.0, 0.0]], np.float32)


@pytest.mark.parametrize("calibration", [None, Calibration(1.5, 30), Calibration(0.8, 30)])
def test_the_likeliest_label_keeps_its_probability_and_the_others_share_the_rest(
    calibration: Calibration | None,
) -> None:
    classes, best = likeliest(SCORES, calibration)

    every = shares(SCORES, calibration)

    assert classes.tolist() == [0, 2, 0]
    assert every[range(3), classes].tolist() == best.tolist()
    assert every[:2].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert every[0, 1] == pytest.approx(2 * every[0, 2], abs=2e-6)
    assert calibration is not None or every == pytest.approx(SCORES, abs=1e-6)


def test_labels_count_from_their_thresholds_on_the_likeliest_first() -> None:
    said = counting(("a", "b", "c"), (0.5, 0.2, 0.9), (0.5, 0.8, 0.8))

    assert said == {"labels": ["b", "a"], "probabilities": [0.8, 0.5]}
