"""Names of batches and models, and their numbers."""

import pytest

from labelloop.loop.names import final_model, is_final, number_of, numbered, relabel_batch


@pytest.mark.parametrize(("name", "number"), [("0", 0), ("17", 17), ("relabel-1", None), ("final-2", None)])
def test_what_stands_in_the_order_of_work_has_a_number(name: str, number: int | None) -> None:
    assert number_of(name) == number


def test_those_with_a_number_stay_in_their_order() -> None:
    assert numbered(["1", "relabel-1", "0", "final-1"]) == ["1", "0"]


def test_what_stands_outside_it_is_named_by_what_it_is_for() -> None:
    assert (relabel_batch(1), final_model(2)) == ("relabel-1", "final-2")
    assert is_final(final_model(2))
    assert not is_final("2")
