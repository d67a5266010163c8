"""Whose turn it is, where not all can be looked at every time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")
EACH = 0.6
SHORTEST = 5.0


class RoundRobin:
    """Goes round a growing sequence, a few at a time.

    A round takes EACH seconds an item, but no less than SHORTEST and no more than `longest`.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._next = 0
        self._saved = 0.0

    def take(self, items: Sequence[Item], seconds: float) -> list[Item]:
        """The items whose turn comes in so many seconds, each once; after the last comes the first."""
        round_seconds = min(self._longest, max(SHORTEST, EACH * len(items)))
        self._saved += seconds / round_seconds * len(items)
        count = min(int(self._saved), len(items))
        self._saved %= 1
        taken = [items[(self._next + step) % len(items)] for step in range(count)]
        self._next += count
        return taken
