"""How long to wait before a process that died is started again."""

from dataclasses import dataclass

FIRST = 0.2
LONGEST = 10.0
HEALTHY = 30.0


@dataclass
class Backoff:
    """Seconds that double from 0.2 to 10, and begin anew after 30 s of life."""

    _next: float = FIRST

    def after(self, lived: float) -> float:
        """The wait after a process that lived so many seconds."""
        wait = FIRST if lived >= HEALTHY else self._next
        self._next = min(2 * wait, LONGEST)
        return wait
