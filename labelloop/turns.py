"""Whose turn it is, where not all can be looked at every time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Turns:
    """Goes round a growing sequence, a few at a time."""

    def __init__(self) -> None:
        self._next = 0
        self._saved = 0.0

    def take(self, items: Sequence[Item], share: float) -> list[Item]:
        """The next items, each once; after the last comes the first.

        `share` of the whole is taken on average: what is less than an item is saved for later calls.
        """
        self._saved += share * len(items)
        count = min(int(self._saved), len(items))
        self._saved %= 1
        taken = [items[(self._next + step) % len(items)] for step in range(count)]
        self._next += count
        return taken
