"""How long to wait before trying again."""

import random


class Backoff:
    """Waits in seconds that double up to a limit, with jitter, so that clients do not come back together."""

    def __init__(self, first: float = 0.5, limit: float = 30.0) -> None:
        self._first = first
        self._limit = limit
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next(self) -> float:
        """The next wait, between half of its full length and that length."""
        full = min(self._limit, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return full * random.uniform(0.5, 1.0)
