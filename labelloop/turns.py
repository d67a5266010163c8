"""Whose turn it is, where not all can be looked at every time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Turns:
    """Goes round a growing sequence, a few at a time."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, items: Sequence[Item], count: int) -> list[Item]:
        """The next `count` items at most, each once; after the last comes the first."""
        count = min(count, len(items))
        taken = [items[(self._next + step) % len(items)] for step in range(count)]
        self._next += count
        return taken
