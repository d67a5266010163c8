"""Health and readiness of a service. The event loop updates them; other threads read them."""

import asyncio
import time
from collections.abc import Callable

INTERVAL = 0.5
LOG = "log"
"""The log: a service lacks it until it reports otherwise."""


class Health:
    """A heartbeat, and what the service lacks. Times are seconds of a monotonic clock."""

    def __init__(self, stale_after: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._beat = clock()
        self._lacking: dict[str, str] = {LOG: "it is starting"}

    def beat(self) -> None:
        self._beat = self._clock()

    async def keep_beating(self) -> None:
        """Beat regularly, as long as the event loop is not stuck."""
        while True:
            self.beat()
            await asyncio.sleep(INTERVAL)

    def age(self) -> float:
        """Seconds since the last beat."""
        return self._clock() - self._beat

    def lacks(self, what: str, reason: str | None) -> None:
        """Note why something that the service needs is missing. None: it is available now."""
        if reason is None:
            self._lacking.pop(what, None)
        else:
            self._lacking[what] = reason

    def sickness(self) -> str | None:
        """Why the service counts as stuck, or None."""
        age = self.age()
        if age <= self._stale_after:
            return None
        return f"its event loop has been stuck for {age:.0f} s"

    def unreadiness(self) -> str | None:
        """Why the service is not ready, or None."""
        sickness = self.sickness()
        reasons = dict.fromkeys([*([sickness] if sickness else ()), *self._lacking.values()])
        return "; ".join(reasons) or None
