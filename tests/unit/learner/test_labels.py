"""Names of labels as numbers and as matrices."""

import pytest

from labelloop.errors import UserError
from labelloop.learner.labels import dense, matrix, of_examples, tell_apart, unlabelled
from tests.support.messages import raises_naming

LABELS = ("a", "b", "c")


def test_a_text_has_a_one_for_each_of_its_labels() -> None:
    found = matrix([("c", "a"), (), ("b", "b")], LABELS)

    assert found.toarray().tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_no_texts_are_a_matrix_too() -> None:
    assert matrix([], LABELS).shape == (0, 3)
    assert matrix([(), ()], LABELS).shape == (2, 3)


def test_a_name_that_is_no_label_is_refused() -> None:
    with raises_naming(UserError, "'d'", "a, b, c"):
        matrix([("a", "d")], LABELS)


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_single_label_example_has_one_label(names: tuple[str, ...]) -> None:
    with raises_naming(UserError, len(names), "single-label"):
        of_examples(((0, names),), LABELS)


@pytest.mark.parametrize(
    ("names", "multi_label", "does"),
    [
        ([("a",), ("b",)], False, True),
        ([("a",), ("a",)], False, False),
        ([], False, False),
        ([("a",), ()], True, True),
        ([("a", "b"), ("b",)], True, True),
        ([("a", "b"), ("b", "a")], True, False),
        ([(), ()], True, False),
        ([], True, False),
    ],
)
def test_what_differs_can_be_learned(names: list[tuple[str, ...]], multi_label: bool, does: bool) -> None:
    examples = tuple(enumerate(names))

    assert tell_apart(of_examples(examples, LABELS, multi_label)) is does


@pytest.mark.parametrize("multi_label", [True, False])
def test_unlabelled_texts_are_of_the_task(multi_label: bool) -> None:
    data = unlabelled(["x", "y"], 3, multi_label)

    assert data.is_multi_label is multi_label
    assert not (dense(data.y) > 0).any()
    assert len(data.target_labels) == 3
