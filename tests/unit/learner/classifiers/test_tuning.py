"""Thresholds of labels, tuned on what is labelled."""

import numpy as np
import pytest

from labelloop.learner.classifiers.tuning import COMMON_WEIGHS, USUAL_WEIGHS, tuned


def certain(size: int, yes: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """A label of which the texts that have it are at one probability, and the others at another."""
    has = np.arange(size) < yes
    return np.where(has, high, low), has.astype(np.int64)


def of(*labels: tuple[np.ndarray, np.ndarray]) -> tuple[float, ...]:
    return tuned(np.stack([p for p, _ in labels], axis=1), np.stack([y for _, y in labels], axis=1))


def test_a_label_with_many_texts_counts_from_between_its_texts_and_the_others() -> None:
    (threshold,) = of(certain(2000, 1000, 0.1, 0.3))

    assert threshold == pytest.approx(0.2, abs=0.01)


def test_a_label_with_few_texts_counts_nearly_as_labels_do_together() -> None:
    many, few = certain(2000, 1000, 0.1, 0.3), certain(2000, 1, 0.0, 0.9)

    common, rare = of(many, few)

    assert common == pytest.approx(0.2, abs=0.01)
    assert rare == pytest.approx((COMMON_WEIGHS * 0.2 + 0.45) / (COMMON_WEIGHS + 1), abs=0.01)


def test_few_texts_in_all_move_thresholds_little() -> None:
    (threshold,) = of(certain(4, 1, 0.0, 0.2))

    common = (USUAL_WEIGHS * 0.5 + 0.1) / (USUAL_WEIGHS + 1)
    assert threshold == pytest.approx((COMMON_WEIGHS * common + 0.1) / (COMMON_WEIGHS + 1))


@pytest.mark.parametrize("yes", [0, 8])
def test_where_there_is_nothing_to_tell_apart_the_usual_threshold_stays(yes: int) -> None:
    assert of(certain(8, yes, 0.1, 0.2)) == (0.5,)


def test_a_label_that_all_texts_have_counts_as_the_others_do() -> None:
    other, whole = of(certain(2000, 1000, 0.1, 0.3), certain(2000, 2000, 0.1, 0.3))

    assert (other, whole) == pytest.approx((0.2, 0.2), abs=0.01)


def test_equal_probabilities_are_not_divided() -> None:
    """Given a model that says the same of all texts, a threshold takes all of them or none."""
    (threshold,) = of((np.full(1000, 0.3), (np.arange(1000) < 400).astype(np.int64)))

    assert threshold < 0.3
