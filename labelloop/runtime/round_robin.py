"""Round robin over items that cannot all be checked every time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")
EACH = 0.6
SHORTEST = 5.0


class RoundRobin:
    """Goes round a growing sequence, a few items at a time.

    A round takes EACH seconds per item, but at least SHORTEST and at most `longest`.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._next = 0
        self._saved = 0.0

    def take(self, items: Sequence[Item], seconds: float) -> list[Item]:
        """The items whose turn comes within `seconds`, each once. The first follows the last."""
        round_seconds = min(self._longest, max(SHORTEST, EACH * len(items)))
        self._saved += seconds / round_seconds * len(items)
        count = min(int(self._saved), len(items))
        self._saved %= 1
        taken = [items[(self._next + step) % len(items)] for step in range(count)]
        self._next += count
        return taken
