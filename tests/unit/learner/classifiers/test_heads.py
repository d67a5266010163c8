"""How the head of a transformer begins."""

import numpy as np
import pytest
import torch
from torch import nn

from labelloop.learner.classifiers.heads import MANY_CLASSES, begin_with_classes, is_regression
from labelloop.learner.classifiers.networks import MeanPooled, OwnHead, build
from labelloop.learner.classifiers.pretrained import load_tokenizer
from tests.support.tiny_bert import TINY

TARGETS = np.arange(60) % 3
FEATURES = np.random.default_rng(0).normal(size=(60, 8)) + 5 * np.eye(8)[TARGETS]


@pytest.fixture(scope="module")
def averaging() -> MeanPooled:
    network = build(TINY, 3, "mean", load_tokenizer(TINY))
    assert isinstance(network, MeanPooled)
    return network


@pytest.mark.parametrize(
    ("start", "classes", "regression"),
    [
        ("auto", MANY_CLASSES, True),
        ("auto", MANY_CLASSES - 1, False),
        ("random", 100, False),
        ("regression", 2, True),
    ],
)
def test_it_is_a_regression_where_it_is_wanted_or_classes_are_many(
    averaging: MeanPooled, start: str, classes: int, regression: bool
) -> None:
    assert is_regression(start, averaging, classes) == regression


def test_a_model_with_a_head_of_its_own_begins_at_random_unless_it_is_wanted(averaging: MeanPooled) -> None:
    own = OwnHead(averaging.export())

    assert not is_regression("auto", own, 100)
    assert is_regression("regression", own, 100)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_the_head_gives_the_classes_of_the_texts_however_long_features_are(scale: float) -> None:
    head, features = nn.Linear(8, 3), FEATURES * scale

    with torch.no_grad():
        begin_with_classes(head, features, TARGETS, np.ones(60))
        predicted = head(torch.as_tensor(features).float()).argmax(dim=1).numpy()

    assert (predicted == TARGETS).all()


def test_texts_of_one_class_leave_it_as_it_was() -> None:
    head = nn.Linear(8, 3)
    before = head.weight.detach().clone()

    with torch.no_grad():
        begin_with_classes(head, FEATURES, np.zeros(60, dtype=np.int64), np.ones(60))

    assert torch.equal(head.weight, before)
