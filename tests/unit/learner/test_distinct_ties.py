"""A batch holds the most doubtful texts, and no near-copies of each other while there are others."""

import pytest

from labelloop.learner.distinct_ties import SHORTLIST, distinct

COPIES = [f"your order {number} has been shipped today" for number in range(50)]
OTHERS = ["who wrote this", "where is the station", "a bill is due", "the server does not answer"]


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
