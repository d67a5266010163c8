"""Answers as Argilla's questions have them."""

import pytest

from labelloop.loop.labels import NONE
from labelloop.oracle.argilla.models import from_value, from_values, options, to_value, to_values

ONE, SEVERAL = "single-label", "multi-label"


def test_that_none_of_several_labels_fits_is_an_option_of_its_own() -> None:
    assert options(("a", "b"), ONE) == ("a", "b")
    assert options(("a", "b"), SEVERAL) == ("a", "b", NONE)


@pytest.mark.parametrize(
    ("labels", "task", "value"),
    [(("a",), ONE, "a"), (("a", "b"), SEVERAL, ["a", "b"]), ((), SEVERAL, [NONE])],
)
def test_an_answer_is_read_as_it_was_written(labels: tuple[str, ...], task: str, value: object) -> None:
    assert to_value(labels, task) == value
    assert from_value(value) == labels
    assert from_values(to_values(labels, "submitted", task)) == labels


@pytest.mark.parametrize(("status", "task"), [("discarded", ONE), ("discarded", SEVERAL), ("draft", SEVERAL)])
def test_who_chose_nothing_has_not_said_that_none_fits(status: str, task: str) -> None:
    assert to_values((), status, task) is None


def test_none_beside_a_label_says_nothing() -> None:
    assert from_value([NONE, "a"]) == ("a",)


def test_where_a_text_has_one_label_it_may_be_named_so() -> None:
    assert from_value(NONE) == (NONE,)


def test_one_label_is_not_several() -> None:
    with pytest.raises(ValueError, match="unpack"):
        to_value(("a", "b"), ONE)
