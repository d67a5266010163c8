"""Which texts a model takes its own labels for, and what they weigh."""

import numpy as np

from labelloop.learner.classifiers.base import Floats
from labelloop.learner.classifiers.self_training import MOST, importances, is_due, pseudo_labels


def probabilities(*sure: float, classes: int = 2) -> Floats:
    """Texts of class 0, each with a probability of that class."""
    rest = [[(1 - each) / (classes - 1)] * (classes - 1) for each in sure]
    return np.array([[each, *others] for each, others in zip(sure, rest, strict=True)])


def test_the_surer_half_of_a_class_is_taken() -> None:
    rows, classes = pseudo_labels(probabilities(0.6, 0.99, 0.7, 0.98, 0.1, 0.3), seed=1)

    assert sorted(rows.tolist()) == [1, 3, 4]
    assert sorted(classes.tolist()) == [0, 0, 1]


def test_a_model_that_knows_one_class_only_has_none() -> None:
    assert len(pseudo_labels(probabilities(0.9, 0.8, 0.7, classes=3), seed=1)[0]) == 0
    assert len(pseudo_labels(np.empty((0, 3)), seed=1)[0]) == 0


def test_a_rare_class_gets_as_many_as_it_has_and_a_frequent_one_no_more_than_its_share() -> None:
    frequent = np.tile([0.9, 0.1], (500, 1))
    rare = np.array([[0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])

    rows, classes = pseudo_labels(np.vstack([frequent, rare]), seed=1)

    assert np.bincount(classes).tolist() == [MOST, 2]
    assert {500, 501} <= set(rows.tolist())


def test_the_draw_depends_on_the_seed_alone() -> None:
    many = np.random.default_rng(0).dirichlet([1, 1, 1], size=900)

    first, again, other = (pseudo_labels(many, seed)[0].tolist() for seed in (1, 1, 2))

    assert first == again != other


def test_pseudo_labels_weigh_their_share_and_none_more_than_a_label() -> None:
    weights = importances(labels=10, pseudo=40, share=0.5)
    assert weights[10:].sum() / weights[:10].sum() == 0.5
    assert np.isclose(weights.mean(), 1)

    few = importances(labels=10, pseudo=2, share=1)
    assert np.allclose(few, 1)


def test_it_is_due_while_labels_are_few_for_the_number_of_classes() -> None:
    assert is_due(labels=60, num_classes=2)
    assert not is_due(labels=61, num_classes=2)
    assert is_due(labels=61, num_classes=3)
