"""The names of batches and models, and ranges of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.names import (
    batches,
    compact,
    expanded,
    final_model,
    in_common,
    is_final,
    number_of,
    numbered,
    numbers_of,
    relabel_batch,
    revision_of,
    runs,
)

revisions = st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 2))
others = st.dictionaries(st.sampled_from(["relabel-1", "relabel-2"]), st.integers(0, 2))


@pytest.mark.parametrize(("name", "number"), [("0", 0), ("17", 17), ("relabel-1", None), ("final-2", None)])
def test_what_stands_in_the_order_of_work_has_a_number(name: str, number: int | None) -> None:
    assert number_of(name) == number


def test_a_name_of_more_digits_than_anybody_counts_is_no_number() -> None:
    endless = "9" * 5000

    assert number_of(endless) is None
    assert numbers_of(f"0-{endless}") is None
    assert numbered([endless, "1"]) == ["1"]


def test_those_with_a_number_stay_in_their_order() -> None:
    assert numbered(["1", "relabel-1", "0", "final-1"]) == ["1", "0"]


def test_what_stands_outside_it_is_named_by_what_it_is_for() -> None:
    assert (relabel_batch(1), final_model(2)) == ("relabel-1", "final-2")
    assert is_final(final_model(2))
    assert not is_final("2")


@given(revisions, others)
def test_what_was_written_short_is_read_as_it_was(revisions: dict[str, int], others: dict[str, int]) -> None:
    learned = revisions | others

    assert expanded(compact(learned)) == learned
    assert compact(expanded(compact(learned))) == compact(learned)


@given(st.integers(1, 10_000))
def test_batches_at_one_revision_are_one_name(count: int) -> None:
    learned = compact({str(number): 0 for number in range(count)})

    assert learned == ({"0": 0} if count == 1 else {f"0-{count - 1}": 0})


def test_a_revised_batch_divides_a_run() -> None:
    learned = {"0": 0, "1": 0, "2": 1, "3": 0, "4": 0, "relabel-1": 0}

    assert compact(learned) == {"0-1": 0, "2": 1, "3-4": 0, "relabel-1": 0}


def test_names_of_single_batches_are_read_as_ever() -> None:
    assert expanded({"0": 0, "1": 2}) == {"0": 0, "1": 2}


@given(revisions, others, revisions, others)
def test_what_two_have_in_common_is_how_both_begin(
    revisions: dict[str, int],
    others: dict[str, int],
    other_revisions: dict[str, int],
    others_too: dict[str, int],
) -> None:
    one, other = runs(revisions | others), runs(other_revisions | others_too)
    same = in_common(one, other)

    some, more = list(batches(one)), list(batches(other))
    assert some[:same] == more[:same]
    assert some[same : same + 1] != more[same : same + 1] or not some[same:]
    assert list(batches(one, same)) == some[same:]
    assert dict(some) == revisions | others


@given(revisions, others, st.sampled_from(["0", "7", "relabel-1"]))
def test_the_revision_of_a_batch_is_found_however_it_is_written(
    revisions: dict[str, int], others: dict[str, int], batch: str
) -> None:
    learned = revisions | others

    assert revision_of(compact(learned), batch) == revision_of(learned, batch) == learned.get(batch)


def test_a_run_that_goes_down_is_none() -> None:
    assert numbers_of("5-3") is None
