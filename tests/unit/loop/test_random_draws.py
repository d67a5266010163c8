"""What is drawn by the seed alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from labelloop.loop.random_draws import (
    as_listed,
    audit_count,
    balanced_draw,
    first_of_pool,
    pool_order,
    random_draw,
    shares,
    shuffled,
    with_overlap,
)


@settings(deadline=None)
@given(
    seed=st.integers(0, 99),
    size=st.integers(0, 60),
    taken=st.sets(st.integers(0, 59)),
    count=st.integers(0, 70),
)
def test_a_random_draw_takes_free_items_once(seed: int, size: int, taken: set[int], count: int) -> None:
    drawn = random_draw(seed, size, taken, count)

    assert len(drawn) == len(set(drawn)) == min(count, len(set(range(size)) - taken))
    assert set(drawn) <= set(range(size)) - taken
    assert drawn == random_draw(seed, size, taken, count)


def test_the_next_draw_goes_on_where_the_one_before_stopped() -> None:
    first = random_draw(1, 30, (), 10)

    assert [*first, *random_draw(1, 30, first, 10)] == random_draw(1, 30, (), 20)


def test_seeds_draw_differently() -> None:
    assert random_draw(1, 30, (), 10) != random_draw(2, 30, (), 10)


def test_a_balanced_draw_takes_each_label_in_turn() -> None:
    gold = ["ham"] * 20 + ["spam"] * 3

    drawn = balanced_draw(0, gold, (), 10)

    assert [gold[item] for item in drawn] == ["ham", "spam"] * 3 + ["ham"] * 4
    assert len(set(drawn)) == 10
    assert not set(drawn) & set(balanced_draw(0, gold, drawn, 10))


def test_a_balanced_draw_ends_with_the_pool() -> None:
    assert sorted(balanced_draw(0, ["ham", "spam", "ham"], (1,), 10)) == [0, 2]
    assert balanced_draw(0, ["ham"], (0,), 10) == []


def test_the_audit_is_a_share_of_the_batch() -> None:
    assert [audit_count(share, 20) for share in (0, 0.1, 0.5, 1)] == [0, 2, 10, 20]


def test_a_shuffle_keeps_the_items_and_follows_from_seed_and_batch() -> None:
    items = list(range(20))

    assert sorted(shuffled(0, "3", items)) == items
    assert shuffled(0, "3", items) == shuffled(0, "3", items) != items
    assert shuffled(0, "3", items) != shuffled(0, "4", items)


@given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=5), number=st.integers(0, 200))
def test_of_a_pool_that_grew_each_snapshot_has_its_share_of_the_first_texts(
    sizes: list[int], number: int
) -> None:
    found = shares(number, sizes)

    total = sum(sizes)
    assert sum(found) == min(number, total)
    assert all(0 <= share <= size for share, size in zip(found, sizes, strict=True))
    exact = [min(number, total) * size / max(1, total) for size in sizes]
    assert all(abs(share - wanted) < 1 for share, wanted in zip(found, exact, strict=True))


def test_a_snapshot_that_is_added_leaves_the_order_of_those_before_as_it_is() -> None:
    before = first_of_pool(3, (100,), 100)

    assert before == list(pool_order(3, 100)), "as it was before pools grew"
    assert first_of_pool(3, (100, 50), 60) == [
        *before[:40],
        *(100 + item for item in pool_order(3, 50)[:20]),
    ]
    assert sorted(first_of_pool(3, (100, 50), 999)) == list(range(150))


def test_an_overlap_is_the_share_that_the_seed_draws_of_each_batch() -> None:
    items = as_listed(range(10), "uncertain")

    drawn = with_overlap(7, "3", items, 0.2)

    asked_of_two = {item.item for item in drawn if item.answers == 2}
    assert len(asked_of_two) == 2
    assert [item.item for item in drawn] == list(range(10))
    assert with_overlap(7, "3", items, 0.2) == drawn
    others = [with_overlap(seed, batch, items, 0.2) for seed, batch in ((7, "4"), (8, "3"), (8, "5"))]
    assert any(other != drawn for other in others)
    assert with_overlap(7, "3", items, 0.0) == items
    assert all(item.answers == 2 for item in with_overlap(7, "3", items, 1.0))
