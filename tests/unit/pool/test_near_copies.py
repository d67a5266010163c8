"""Texts that are nearly the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.pool.near_copies import LOOKED_AT, near_copies, near_copies_note, without_near_copies
from labelloop.pool.snapshot import Row
from tests.support.messages import names

WORDS = [first + second for first in "bdfgklmnprst" for second in ("ab", "ec", "id", "of", "ul")]
DIGITS = str.maketrans("0123456789", "abcdefghij")


def sentence(seed: int, length: int = 20) -> list[str]:
    return random.Random(seed).sample(WORDS, length)


def varied(words: list[str], changed: int) -> str:
    return " ".join([*words[: len(words) - changed], *(f"{word}x" for word in words[len(words) - changed :])])


@pytest.mark.parametrize(
    ("first", "second", "is_copy"),
    [
        ("Your order 1234 has shipped", "your order 99 has SHIPPED!", True),
        ("paid on 2026-01-31 at 12:30", "paid on 2025-11-02 at 7:05", True),
        ("the total is 1,234.50 euros", "the total is 7 euros", True),
        (" ".join(sentence(1)), varied(sentence(1), 1), True),
        (" ".join(sentence(1)), varied(sentence(1), 4), False),
        (" ".join(sentence(1)), " ".join(sentence(2)), False),
        ("I like this film", "I hate this film", False),
        ("this is good", "this is not good", False),
        ("buy buy buy buy buy now", "buy now", False),
        ("您的订单1234已发货，请注意查收", "您的订单99已发货，请注意查收", True),
        ("12", "13", False),
        ("👍", "👎", False),
    ],
)
def test_texts_are_near_copies_when_almost_all_words_are_the_same(
    first: str, second: str, is_copy: bool
) -> None:
    assert near_copies([first, second]) == ({1: 0} if is_copy else {})


def test_copies_lead_to_the_first_text_of_their_cluster() -> None:
    cluster, other = sentence(1), sentence(2)
    texts = [
        " ".join(other),
        " ".join(cluster),
        varied(cluster, 1),
        f"{' '.join(other)} 7",
        varied(cluster, 1),
    ]

    assert near_copies(texts) == {2: 1, 3: 0, 4: 1}


def test_almost_all_near_copies_among_many_texts_are_found() -> None:
    texts = [text for seed in range(300) for text in (" ".join(sentence(seed)), varied(sentence(seed), 1))]

    copies = near_copies(texts)

    assert all(number == first + 1 and first % 2 == 0 for number, first in copies.items())
    assert len(copies) > 290


def test_long_texts_are_told_apart_by_a_part_of_their_words() -> None:
    long = [f"{word}{number}".translate(DIGITS) for number in range(40) for word in WORDS]

    texts = [" ".join(long), " ".join([*long, "more"]), " ".join(long[: len(long) // 2])]

    assert near_copies(texts) == {1: 0}


@given(st.lists(st.text(max_size=12), max_size=12))
def test_a_near_copy_is_of_an_earlier_text_that_is_none_whatever_the_texts(texts: list[str]) -> None:
    copies = near_copies(texts)

    assert all(first < number and first not in copies for number, first in copies.items())
    assert near_copies(texts) == copies


def test_a_copy_with_a_label_stays() -> None:
    rows = [Row(f"order {number} of a red chair", gold, number) for number, gold in enumerate("aaba")]

    assert without_near_copies(rows) == [0, 2]
    assert without_near_copies(rows, labelled={1}) == [0, 1, 2]


def test_many_near_copies_are_told_and_few_are_not() -> None:
    distinct = [" ".join(sentence(seed)) for seed in range(300)]
    orders = [f"order {number} of a red chair" for number in range(101)]

    assert near_copies_note(distinct) is None
    assert near_copies_note([*distinct, *orders[:2]]) is None
    assert names(near_copies_note([*distinct, *orders]), 100, 401, 1, 101, "--drop-near-copies")


def test_of_a_large_pool_only_the_first_texts_are_looked_at() -> None:
    texts = [f"order {number}" for number in range(LOOKED_AT + 5)]

    assert names(near_copies_note(texts), f"{LOOKED_AT - 1:,}", f"{LOOKED_AT:,}")
    long = [f"order {number} {'of a chair ' * 60_000}" for number in range(3)]
    assert names(near_copies_note([*long, *long]), 2, "first 3")
