"""What a classifier makes of probabilities."""

import numpy as np

from labelloop.learner.classifiers.base import in_turn


def test_columns_take_rows_in_turn() -> None:
    distances = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.1], [0.4, 0.2]])

    assert in_turn(distances).tolist() == [0, 2, 1, 3]


def test_a_row_that_two_columns_take_is_there_once() -> None:
    distances = np.array([[0.1, 0.1], [0.3, 0.2], [0.2, 0.3]])

    assert in_turn(distances).tolist() == [0, 2, 1]


def test_of_equal_rows_the_first_is_first() -> None:
    assert in_turn(np.zeros((3, 2))).tolist() == [0, 1, 2]
