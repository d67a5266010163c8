"""What is held out: of each class a share, never the last text of one; and how much a text weighs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.learner.classifiers.fine_tuning import held_out, importances

SHARES = st.floats(0, 0.5)
CLASSES = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array)
MATRICES = st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=40).map(
    np.array
)


@given(CLASSES, SHARES, st.integers(0, 99))
def test_no_class_is_gone_and_the_share_is_held_out_or_nothing(
    classes: np.ndarray, share: float, seed: int
) -> None:
    rows = held_out(classes, share, seed)

    assert len(rows) in (0, round(share * len(classes)))
    assert len({*rows.tolist()}) == len(rows)
    assert {*np.delete(classes, rows).tolist()} == {*classes.tolist()}
    assert rows.tolist() == held_out(classes, share, seed).tolist()


def test_each_class_gives_its_share() -> None:
    classes = np.repeat([0, 1, 2], [60, 30, 10])

    rows = held_out(classes, 0.1, seed=4)

    assert np.bincount(classes[rows]).tolist() == [6, 3, 1]
    assert rows.tolist() != held_out(classes, 0.1, seed=5).tolist()


@pytest.mark.parametrize(
    ("classes", "share"),
    [([0, 1, 0, 1, 0, 1], 0.1), ([0, 1, 2, 3], 0.5), ([0, 0, 0, 1, 1, 1], 0.0)],
)
def test_of_too_few_texts_none_is_held_out(classes: list[int], share: float) -> None:
    assert not len(held_out(np.array(classes), share, seed=0))


@given(MATRICES, SHARES, st.integers(0, 99))
def test_what_is_learned_of_several_labels_has_a_yes_and_a_no_of_each_that_has_both(
    targets: np.ndarray, share: float, seed: int
) -> None:
    rows = held_out(targets, share, seed)

    assert len(rows) in (0, round(share * len(targets)))
    left = np.delete(targets, rows, axis=0)
    for before, after in zip(targets.T, left.T, strict=True):
        assert {*before.tolist()} == {*after.tolist()}


@given(CLASSES)
def test_balanced_all_classes_weigh_the_same(classes: np.ndarray) -> None:
    weights = importances(classes, is_balanced=True)

    of_classes = [weights[classes == each].sum() for each in {*classes.tolist()}]
    assert of_classes == pytest.approx([of_classes[0]] * len(of_classes))
    assert weights.mean() == pytest.approx(1)
    assert (importances(classes, is_balanced=False) == 1).all()
