"""How long to wait before asking Argilla again."""

import random
from dataclasses import dataclass

FIRST, LONGEST = 0.5, 5.0


@dataclass(slots=True)
class Patience:
    """Waits that double from 0.5 s up to 5 s, each with jitter, until `reset`."""

    _next: float = FIRST

    def reset(self) -> None:
        self._next = FIRST

    def wait(self) -> float:
        """Seconds to wait now."""
        now, self._next = self._next, min(2 * self._next, LONGEST)
        return now * random.uniform(0.5, 1.0)

    @property
    def rested(self) -> bool:
        """Whether nothing has failed since the last reset."""
        return self._next == FIRST
