"""What a classifier makes of probabilities."""

import numpy as np

from labelloop.learner.classifiers.base import in_turn


def test_columns_take_rows_in_turn() -> None:
    distances = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.1], [0.4, 0.2]])

    assert in_turn(distances) == [0, 2, 1, 3]


def test_a_column_takes_its_next_row_where_another_has_taken_the_first() -> None:
    distances = np.array([[0.1, 0.1], [0.3, 0.4], [0.4, 0.3], [0.2, 0.5]])

    assert in_turn(distances) == [0, 2, 3, 1]


def test_of_equal_rows_the_first_is_first() -> None:
    assert in_turn(np.zeros((3, 2))) == [0, 1, 2]
    assert in_turn(np.zeros((0, 2))) == []
