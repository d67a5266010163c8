from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.batch_ranges import batches, compact, expanded, in_common, numbers_of, revision_of, runs

numbered = st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 2))
others = st.dictionaries(st.sampled_from(["relabel-1", "relabel-2"]), st.integers(0, 2))


@given(numbered, others)
def test_what_was_written_short_is_read_as_it_was(numbered: dict[str, int], others: dict[str, int]) -> None:
    learned = numbered | others

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


@given(numbered, others, numbered, others)
def test_what_two_have_in_common_is_how_both_begin(
    numbered: dict[str, int], others: dict[str, int], numbered_too: dict[str, int], others_too: dict[str, int]
) -> None:
    one, other = runs(numbered | others), runs(numbered_too | others_too)
    same = in_common(one, other)

    some, more = list(batches(one)), list(batches(other))
    assert some[:same] == more[:same]
    assert some[same : same + 1] != more[same : same + 1] or not some[same:]
    assert list(batches(one, same)) == some[same:]
    assert dict(some) == numbered | others


@given(numbered, others, st.sampled_from(["0", "7", "relabel-1"]))
def test_the_revision_of_a_batch_is_found_however_it_is_written(
    numbered: dict[str, int], others: dict[str, int], batch: str
) -> None:
    learned = numbered | others

    assert revision_of(compact(learned), batch) == revision_of(learned, batch) == learned.get(batch)


def test_a_run_that_goes_down_is_none() -> None:
    assert numbers_of("5-3") is None
