"""How long to wait before a retry, and before a process that died is restarted."""

import random
from dataclasses import dataclass

FIRST = 0.2
LONGEST = 10.0
HEALTHY = 30.0


class Backoff:
    """Waits in seconds that double up to a limit. Jitter keeps clients from retrying together."""

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


@dataclass
class RestartBackoff:
    """Waits that double from 0.2 s to 10 s, and start over once a process has lived for 30 s."""

    _next: float = FIRST

    def after(self, lived: float) -> float:
        """The wait, in seconds, after a process that lived for `lived` seconds."""
        wait = FIRST if lived >= HEALTHY else self._next
        self._next = min(2 * wait, LONGEST)
        return wait
