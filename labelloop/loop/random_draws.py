"""Random draws that depend on the seed alone: cold starts and audits. Pure."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from schemas.model import replaced
from schemas.parts import QueriedItem

ANSWERS = 2
"""How many people answer a text that is drawn for several."""


def random_draw(seed: int, pool_size: int, taken: Collection[int], count: int) -> list[int]:
    """The first `count` items that are not taken, in a random order of the whole pool."""
    return _free(_order(seed, pool_size), taken)[:count]


@lru_cache(maxsize=1)
def pool_order(seed: int, pool_size: int) -> tuple[int, ...]:
    """All items in that order. It is kept for who asks again: a million take a second."""
    return tuple(_order(seed, pool_size))


def shares(number: int, sizes: Sequence[int]) -> list[int]:
    """How many of the first texts of a pool come from each of its snapshots, which have these sizes."""
    ends = list(accumulate(sizes, initial=0))
    number = min(number, ends[-1])
    return [after - before for before, after in pairwise(number * end // max(1, ends[-1]) for end in ends)]


def first_of_pool(seed: int, sizes: Sequence[int], number: int) -> list[int]:
    """The first items in the random order of the pool: of each snapshot the first in its own, by its share.

    So a snapshot that is added later leaves the order of those before as it is.
    """
    firsts = accumulate(sizes, initial=0)
    return [
        first + item
        for first, size, share in zip(firsts, sizes, shares(number, sizes), strict=False)
        for item in pool_order(seed, size)[:share]
    ]


def balanced_draw(
    seed: int, gold: Sequence[str | tuple[str, ...]], taken: Collection[int], count: int
) -> list[int]:
    """Like `random_draw`, but takes from each gold label in turn while it has items."""
    by_label: dict[str | tuple[str, ...], list[int]] = defaultdict(list)
    for item in _free(_order(seed, len(gold)), taken):
        by_label[gold[item]].append(item)
    queues = [by_label[label] for label in sorted(by_label)]
    rounds = max(map(len, queues), default=0)
    in_turn = [queue[position] for position in range(rounds) for queue in queues if position < len(queue)]
    return in_turn[:count]


def audit_count(share: float, size: int) -> int:
    """How many items of a batch are drawn at random for the audit, or for another purpose."""
    return min(size, round(share * size))


def with_overlap(
    seed: int, batch: str, items: Sequence[QueriedItem], share: float
) -> tuple[QueriedItem, ...]:
    """The items of a batch, of which this share is drawn for two people."""
    order = list(range(len(items)))
    random.Random(derived(seed, "overlap", batch)).shuffle(order)
    drawn = frozenset(order[: audit_count(share, len(items))])
    return tuple(
        replaced(item, answers=ANSWERS) if place in drawn else item for place, item in enumerate(items)
    )


def shuffled(seed: int, batch: str, items: Sequence[int]) -> list[int]:
    """The items in a random order that does not reveal why each was picked."""
    order = list(items)
    random.Random(derived(seed, "order", batch)).shuffle(order)
    return order


def as_listed(items: Sequence[int], reason: str) -> tuple[QueriedItem, ...]:
    """The items of a batch in this order, all with the same reason."""
    return tuple(QueriedItem(item=item, rank=rank, reason=reason) for rank, item in enumerate(items))


def _order(seed: int, pool_size: int) -> list[int]:
    order = list(range(pool_size))
    random.Random(seed).shuffle(order)
    return order


def _free(order: Sequence[int], taken: Collection[int]) -> list[int]:
    barred = frozenset(taken)
    return [item for item in order if item not in barred]


def derived(seed: int, *purpose: str) -> int:
    """A seed (31 bits) for a purpose: reproducible, and different from seeds for other purposes."""
    digest = hashlib.sha256("\0".join((str(seed), *purpose)).encode()).digest()
    return int.from_bytes(digest[:4]) & 0x7FFFFFFF
