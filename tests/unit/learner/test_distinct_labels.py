"""The labels take turns in choosing a batch."""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from labelloop.learner import labels
from labelloop.learner.distinct_labels import DistinctLabels

TEXTS = [
    "red fox",
    "the blue bird sings in spring 1",
    "the blue bird sings in spring 2",
    "green tree",
    "old house",
    "known",
]
PROBABILITIES = np.array([[0.5, 0.9], [0.6, 0.31], [0.6, 0.32], [0.9, 0.45], [0.1, 0.9], [1.0, 1.0]])


class Fixed:
    """A classifier with these probabilities, and a threshold of 0.5 and one of 0.3."""

    multi_label = True
    thresholds = (0.5, 0.3)

    def predict_proba(self, data: Any) -> Any:
        return PROBABILITIES[[TEXTS.index(text) for text in data.x]]

    def distances(self, probabilities: Any) -> Any:
        return np.abs(probabilities - np.array(self.thresholds))


def picked(n: int, known: tuple[int, int]) -> list[str]:
    data = labels.unlabelled(TEXTS, 2, multi_label=True)
    y = csr_matrix(np.array([known]))
    rows = DistinctLabels().query(Fixed(), data, np.arange(5), np.array([5]), y, n=n)  # type: ignore[arg-type]
    return [TEXTS[row] for row in rows]


def test_each_label_takes_the_text_nearest_to_its_threshold() -> None:
    assert picked(2, (0, 1)) == ["red fox", "the blue bird sings in spring 1"]


def test_the_label_that_fewest_texts_have_is_first() -> None:
    assert picked(2, (1, 0)) == ["the blue bird sings in spring 1", "red fox"]


def test_of_near_copies_one_is_picked_while_there_are_others() -> None:
    assert TEXTS[2] not in picked(4, (0, 1))
    assert picked(5, (0, 1))[-1] == TEXTS[2]
