"""A batch holds doubtful texts of different kinds, and no near-copies while there are others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from labelloop.learner import labels
from labelloop.learner.classifiers.base import Features
from labelloop.learner.strategies.diverse import DOUBTFUL, DRAWN, DiverseTies, in_clusters

KINDS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])


def of_kinds(rows: Sequence[int]) -> Features:
    """Embeddings of texts of these kinds, of which none are equal."""
    shift = np.linspace(0, 0.01, len(rows))[:, None]
    return (KINDS[list(rows)] + shift).astype(np.float32)


class Fixed:
    """A classifier that is ahead by these margins with texts named by their numbers."""

    multi_label = False

    def __init__(self, margins: Sequence[float], kinds: Sequence[int] = ()) -> None:
        self._margins, self._kinds = np.array(margins), kinds
        self.asked: list[str] = []

    def predict_proba(self, data: Any) -> Any:
        ahead = self._margins[[int(text.split()[-1]) for text in data.x]]
        return np.stack([(1 + ahead) / 2, (1 - ahead) / 2], axis=1)

    def embed(self, data: Any) -> Features:
        return of_kinds(self._kinds)[[int(text.split()[-1]) for text in data.x]]

    def of_pool(self, texts: Sequence[str]) -> Features:
        self.asked = list(texts)
        return self.embed(labels.unlabelled(texts, 2))


def words(number: int) -> str:
    """A text that is no near-copy of another, and ends with its number."""
    random = np.random.default_rng(number)
    letters = "".join(chr(97 + letter) for letter in random.integers(26, size=30))
    return f"{letters} {number}"


def picked(classifier: Any, texts: Sequence[str], n: int, strategy: DiverseTies | None = None) -> list[int]:
    np.random.seed(1)
    data = labels.data_set([*texts, "known 0"], np.array([*labels.of_none(len(texts), 2, False), 0]), 2)
    asked = strategy or DiverseTies(classifier.of_pool)
    rows = asked.query(classifier, data, np.arange(len(texts)), np.array([len(texts)]), np.array([0]), n=n)
    return [int(row) for row in rows]


def test_of_each_kind_there_is_the_most_doubtful_text() -> None:
    # Given the most doubtful texts, which are of one kind, and others
    kinds = [0] * 6 + [1] * 3 + [2] * 3
    margins = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.5, 0.3, 0.4, 0.6, 0.2, 0.7]
    classifier = Fixed(margins, kinds)

    # When three are picked, then one is of each kind
    assert sorted(picked(classifier, [words(row) for row in range(12)], 3)) == [0, 7, 10]


def test_what_the_model_is_sure_of_makes_no_kind_of_its_own() -> None:
    kinds = [0] * 3 + [1] * 3 + [2] * 30
    margins = [0.3, 0.1, 0.2, 0.2, 0.1, 0.3] + [1.0] * 30
    classifier = Fixed(margins, kinds)

    assert sorted(picked(classifier, [words(row) for row in range(36)], 2)) == [1, 4]


def test_the_classifiers_own_embeddings_serve_too() -> None:
    classifier = Fixed([0.1, 0.2, 0.1, 0.2], [0, 0, 1, 1])

    assert sorted(picked(classifier, [words(row) for row in range(4)], 2, DiverseTies())) == [0, 2]


def test_of_a_large_pool_the_doubtful_texts_and_some_others_are_compared() -> None:
    size = DOUBTFUL + DRAWN + 1000
    margins = np.linspace(0, 0.9, size)
    classifier = Fixed(margins.tolist(), [row % 3 for row in range(size)])
    texts = [f"text {row}" for row in range(size)]

    picked(classifier, texts, 5)

    asked = {int(text.split()[-1]) for text in classifier.asked}
    assert len(asked) == DOUBTFUL + DRAWN
    assert {*range(DOUBTFUL)} <= asked


def test_near_copies_come_only_if_there_are_no_others() -> None:
    # Given doubtful near-copies, more than are compared with others, and three other texts
    copies = DOUBTFUL + DRAWN + 5
    texts = [f"your order has been shipped today {row}" for row in range(copies)]
    texts += [words(copies + row) for row in range(3)]
    classifier = Fixed([0.1] * copies + [0.99] * 3, [0] * copies + [1, 1, 2])

    rows = picked(classifier, texts, 4)

    assert len([row for row in rows if row >= copies]) == 3


@pytest.mark.parametrize("n", [1, 5, 7])
def test_a_batch_is_as_large_as_it_is_asked_to_be(n: int) -> None:
    classifier = Fixed([0.5] * 7, [0, 0, 0, 1, 1, 2, 2])

    rows = picked(classifier, [words(row) for row in range(7)], n)

    assert len(rows) == len({*rows}) == n


def test_a_batch_can_be_larger_than_what_is_compared() -> None:
    size = DOUBTFUL + DRAWN + 60
    classifier = Fixed([0.5] * size, [row % 3 for row in range(size)])

    rows = picked(classifier, [words(row) for row in range(size)], size)

    assert sorted(rows) == list(range(size))


def test_texts_that_are_all_alike_are_told_apart_by_doubt() -> None:
    same = np.ones((4, 3), dtype=np.float32)

    assert in_clusters(same, np.array([0.1, 0.4, 0.3, 0.2]), 2, 0)[0] == 1
