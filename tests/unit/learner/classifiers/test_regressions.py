"""A regression for each label, and one for all classes."""

import numpy as np
import pytest
from scipy.special import expit, softmax  # type: ignore[import-untyped]

from labelloop.learner.classifiers.regressions import (
    COMMON_WEIGHS,
    USUAL_WEIGHS,
    fit_classes,
    fit_labels,
    held_out,
    tuned,
)

FEATURES = np.random.default_rng(0).normal(size=(40, 3)) + 1
TARGETS = np.stack([FEATURES[:, 0] > 1, FEATURES[:, 1] > 1, np.ones(40), np.zeros(40)], axis=1).astype(
    np.int64
)


@pytest.mark.parametrize("has_bias", [True, False])
def test_each_label_is_learned_by_itself(has_bias: bool) -> None:
    weight, bias = fit_labels(FEATURES, TARGETS, 10.0, has_bias)

    probabilities = expit(FEATURES @ weight.T + bias)

    assert ((probabilities > 0.5) == TARGETS)[:, :2].mean() > (0.9 if has_bias else 0.6)
    assert np.abs(weight[0]).argmax() == 0
    assert has_bias or not bias.any()


@pytest.mark.parametrize("has_bias", [True, False])
def test_a_label_that_all_texts_have_or_none_is_sure(has_bias: bool) -> None:
    weight, bias = fit_labels(FEATURES, TARGETS, 1.0, has_bias)

    probabilities = expit(FEATURES.mean(axis=0) @ weight.T + bias)

    assert probabilities[2] > 0.999
    assert probabilities[3] < 0.001


def test_what_is_held_out_was_not_learned() -> None:
    """Given labels that are noise, a model that has learned them is right, and another is not."""
    noise = np.random.default_rng(1).integers(0, 2, size=(40, 1))
    features = np.random.default_rng(2).normal(size=(40, 60))

    found = held_out(features, noise, 10.0)

    assert ((found > 0.5) == noise).mean() < 0.75
    weight, bias = fit_labels(features, noise, 10.0)
    assert ((expit(features @ weight.T + bias) > 0.5) == noise).all()
    assert (held_out(features, noise, 10.0) == found).all()


def test_two_texts_are_enough() -> None:
    assert held_out(FEATURES[:2], np.array([[0], [1]]), 1.0).shape == (2, 1)


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("classes", [(0, 3), (0, 2, 3)])
def test_all_classes_are_learned_and_one_without_a_text_is_never_predicted(
    classes: tuple[int, ...], has_bias: bool
) -> None:
    targets = np.asarray(classes)[np.arange(60) % len(classes)]
    features = np.random.default_rng(0).normal(size=(60, 8)) + 5 * np.eye(8)[targets] + 1

    weight, bias = fit_classes(features, targets, 5, 10.0, has_bias)

    assert (weight.shape, bias.shape) == ((5, 8), (5,))
    assert (softmax(features @ weight.T + bias, axis=1).argmax(axis=1) == targets).all()
    assert has_bias or not bias.any()


def test_texts_that_weigh_nothing_are_not_learned() -> None:
    targets = np.arange(40) % 2
    wrong = np.where(np.arange(40) < 20, 1 - targets, targets)
    features = np.random.default_rng(0).normal(size=(40, 4)) + 3 * np.eye(4)[targets]

    weight, bias = fit_classes(features, wrong, 2, 10.0, weights=(np.arange(40) >= 20).astype(float))

    assert ((features @ weight.T + bias).argmax(axis=1) == targets).mean() > 0.9


@pytest.mark.filterwarnings("error")
def test_a_text_or_two_of_each_class_give_no_warning() -> None:
    targets = np.arange(30) % 20
    features = np.random.default_rng(0).normal(size=(30, 24)) + 9 * np.eye(24)[targets]

    weight, _ = fit_classes(features, targets, 20, 10.0)

    assert weight.shape == (20, 24)


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
