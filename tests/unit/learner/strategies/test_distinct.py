"""A batch holds the most doubtful texts, and no near-copies of each other while there are others."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from labelloop.learner import labels
from labelloop.learner.strategies.distinct import SHORTLIST, DistinctLabels, distinct

COPIES = [f"your order {number} has been shipped today" for number in range(50)]
OTHERS = ["who wrote this", "where is the station", "a bill is due", "the server does not answer"]
TEXTS = [
    "red fox",
    "the blue bird sings in spring 1",
    "the blue bird sings in spring 2",
    "green tree",
    "old house",
    "known",
]
PROBABILITIES = np.array([[0.5, 0.9], [0.6, 0.31], [0.6, 0.32], [0.9, 0.45], [0.1, 0.9], [1.0, 1.0]])


def test_of_near_copies_the_first_is_taken() -> None:
    assert distinct([COPIES[0], OTHERS[0], COPIES[1], OTHERS[1]], 3) == [0, 1, 3]


def test_texts_that_are_no_copies_keep_their_order() -> None:
    assert distinct(OTHERS, 3) == [0, 1, 2]


@pytest.mark.parametrize("copies", [3, 2 * SHORTLIST, 2 * SHORTLIST - 1, 50])
def test_others_are_found_behind_however_many_copies(copies: int) -> None:
    assert distinct([*COPIES[:copies], *OTHERS], 2) == [0, copies]


def test_copies_fill_a_batch_for_which_there_are_no_others() -> None:
    assert distinct([*COPIES[:4], OTHERS[0], COPIES[5]], 4) == [0, 4, 1, 2]
    assert distinct(COPIES[:3], 10) == [0, 1, 2]


def test_no_texts_make_no_batch() -> None:
    assert distinct([], 5) == []


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
