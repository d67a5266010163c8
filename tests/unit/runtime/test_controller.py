"""Whose turn it is."""

from collections import Counter

from labelloop.runtime.controller import AT_REST, EACH, SHORTEST, RoundRobin


def counted(count: int, longest: float, seconds: float, times: int) -> Counter[int]:
    """How often each of so many items was taken."""
    turns = RoundRobin(longest)
    return Counter(item for _ in range(times) for item in turns.take(range(count), seconds))


def test_all_are_taken_equally_often() -> None:
    taken = counted(20, longest=60, seconds=1.0, times=600)

    assert set(taken) == set(range(20))
    assert max(taken.values()) - min(taken.values()) <= 1


def test_a_few_are_gone_round_quickly_but_not_at_every_time() -> None:
    assert counted(1, longest=60, seconds=0.5, times=101) == {0: 50 / SHORTEST}


def test_many_are_gone_round_in_the_longest_time() -> None:
    taken = counted(1000, longest=30, seconds=1.0, times=31)

    assert len(taken) == 1000


def test_in_between_each_takes_its_time() -> None:
    assert counted(20, longest=60, seconds=EACH * 2, times=41).total() in (80, 81, 82)


def test_a_growing_sequence_is_gone_round() -> None:
    turns, items, met = RoundRobin(60), ["a"], Counter[str]()

    for step in range(60):
        if step == 10:
            items = ["a", "b", "c"]
        met.update(turns.take(items, 0.5))

    assert met["b"] >= 4
    assert met["c"] >= 4


def test_a_long_time_takes_each_once() -> None:
    assert RoundRobin(30).take("abc", 500.0) == ["a", "b", "c"]


def test_at_rest_a_round_takes_long() -> None:
    turns = RoundRobin(30)

    taken = Counter(item for _ in range(100) for item in turns.take("ab", AT_REST / 100, rests=True))

    assert taken == {"a": 1, "b": 1}


def test_nothing_is_taken_from_nothing() -> None:
    assert RoundRobin(30).take([], 100.0) == []
