"""Find texts that are nearly the same as an earlier one: numbers apart, almost all of their words are.

By MinHash (Broder 1997): the smallest hashes of a text's words, in several orders, lead to the earlier texts
that may be like it, and with these it is compared. Pure.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import accumulate
from zlib import crc32

from labelloop.pool.snapshot import Row

SIMILARITY = 0.8
"""The share of words in common (Jaccard) from which on two texts are near-copies."""
LARGEST = 96
"""How many hashes of a long text are compared. Of a text with at most as many words, all are."""
ORDERS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xD3A2646D)
"""Odd factors, each of which puts hashes in another order."""
SMALLEST, MOST = 3, 8
"""How many hashes of an order are a key, and how many texts are kept under a key."""
LOOKED_AT, CHARACTERS = 10_000, 2_000_000
"""How many texts are looked at for a note, and of how many characters in all: a second or two."""
WORTH_TELLING = 0.01
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|\w+")
ANY_NUMBER = "0"
MASK = 0xFFFFFFFF

Hashes = frozenset[int]


def near_copies(texts: Sequence[str]) -> dict[int, int]:
    """For each text that is a near-copy, the number of the first text like it, which is none itself."""
    firsts: dict[str, int] = {}
    hashes: dict[int, Hashes] = {}
    places: dict[int, list[int]] = {}
    copies: dict[int, int] = {}
    for number, text in enumerate(texts):
        words = WORD.findall(NUMBER.sub(ANY_NUMBER, text.lower()))
        if all(word == ANY_NUMBER for word in words):
            continue
        same = firsts.setdefault(" ".join(words), number)
        if same != number:
            copies[number] = copies.get(same, same)
            continue
        own = _hashes(words)
        keys = _keys(own)
        like = _first_like(own, keys, places, hashes)
        if like is not None:
            copies[number] = like
            continue
        hashes[number] = own
        for key in keys:
            if len(numbers := places.setdefault(key, [])) < MOST:
                numbers.append(number)
    return copies


def without_near_copies(rows: Sequence[Row], labelled: Container[int] = ()) -> list[int]:
    """The numbers of the rows without near-copies of others.

    One that is `labelled` stays, and one with another gold label than the first like it.
    """
    copies = near_copies([row.text for row in rows])
    return [
        number
        for number, row in enumerate(rows)
        if number not in copies or number in labelled or rows[copies[number]].gold != row.gold
    ]


def near_copies_note(texts: Sequence[str]) -> str | None:
    """One line if many texts are near-copies of others, or None. Only the first texts are looked at."""
    lengths = accumulate(map(len, texts[:LOOKED_AT]))
    some = texts[: max(1, bisect(list(lengths), CHARACTERS))]
    clusters = Counter(near_copies(some).values())
    count, largest = clusters.total(), max(clusters.values(), default=0)
    if count < max(1, WORTH_TELLING * len(some)):
        return None
    of = f"the first {len(some):,}" if len(texts) > len(some) else f"{len(some):,}"
    return (
        f"{count:,} of {of} texts are near-copies of earlier ones, from which they differ in numbers or in a "
        f"few words (clusters: {len(clusters):,}, the largest of {largest + 1:,} texts): "
        "--drop-near-copies leaves such texts out"
    )


def _hashes(words: Sequence[str]) -> Hashes:
    """The smallest hashes of the words. A word that occurs again counts as another one."""
    distinct = set(words)
    if len(distinct) < len(words):
        distinct |= {f"{word} {n}" for word, count in Counter(words).items() for n in range(1, count)}
    hashes = {crc32(word.encode(errors="surrogatepass")) for word in distinct}
    return frozenset(hashes if len(hashes) <= LARGEST else sorted(hashes)[:LARGEST])


def _keys(hashes: Hashes) -> list[int]:
    """A key for each order. Similar texts have some of them in common."""
    orders = ((factor, sorted([value * factor & MASK for value in hashes])) for factor in ORDERS)
    return [hash((factor, *ordered[:SMALLEST])) for factor, ordered in orders]


def _first_like(
    own: Hashes, keys: Sequence[int], places: Mapping[int, Sequence[int]], hashes: Mapping[int, Hashes]
) -> int | None:
    candidates = {number for key in keys if key in places for number in places[key]}
    return next((number for number in sorted(candidates) if _are_similar(own, hashes[number])), None)


def _are_similar(hashes: Hashes, others: Hashes) -> bool:
    shared = len(hashes & others)
    if max(len(hashes), len(others)) < LARGEST:
        return shared >= SIMILARITY * (len(hashes) + len(others) - shared)
    if shared < SIMILARITY * LARGEST:
        return False
    smallest = frozenset(sorted(hashes | others)[:LARGEST])
    return len(hashes & others & smallest) >= SIMILARITY * len(smallest)
