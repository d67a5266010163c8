"""Whose turn it is."""

from collections import Counter

from labelloop.turns import Turns


def test_all_are_taken_equally_often() -> None:
    turns = Turns()

    taken = [item for _ in range(100) for item in turns.take("abcde", 0.3)]

    assert sorted(Counter(taken).values()) == [30] * 5


def test_a_share_of_less_than_one_is_saved() -> None:
    turns = Turns()

    assert [turns.take("ab", 0.25) for _ in range(4)] == [[], ["a"], [], ["b"]]


def test_a_growing_sequence_is_gone_round() -> None:
    turns, items, met = Turns(), ["a"], Counter[str]()

    for step in range(60):
        if step == 10:
            items = ["a", "b", "c"]
        met.update(turns.take(items, 0.1))

    assert met["b"] >= 4
    assert met["c"] >= 4


def test_a_share_of_more_than_the_whole_takes_each_once() -> None:
    turns = Turns()

    assert turns.take("abc", 5.0) == ["a", "b", "c"]
    assert turns.take("abc", 0.0) == []


def test_nothing_is_taken_from_nothing() -> None:
    assert Turns().take([], 1.0) == []
