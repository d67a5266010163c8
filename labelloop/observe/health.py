"""Whether a service lives and is ready; told by its event loop, asked by other threads."""

import asyncio
import time
from collections.abc import Callable

INTERVAL = 0.5
LOG = "log"
"""The first that a service needs, and lacks until it says otherwise."""


class Health:
    """A heartbeat and what is lacking. Times in seconds of a clock that never goes back."""

    def __init__(self, stale_after: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._beat = clock()
        self._lacking: dict[str, str] = {LOG: "it is starting"}

    def beat(self) -> None:
        self._beat = self._clock()

    async def keep_beating(self) -> None:
        """A beat again and again, for as long as the event loop gets on."""
        while True:
            self.beat()
            await asyncio.sleep(INTERVAL)

    def age(self) -> float:
        """Seconds since the last beat."""
        return self._clock() - self._beat

    def lacks(self, what: str, reason: str | None) -> None:
        """Something that the service needs to be ready is not there, and why; None: it is there now."""
        if reason is None:
            self._lacking.pop(what, None)
        else:
            self._lacking[what] = reason

    def sickness(self) -> str | None:
        """Why the service counts as stuck; None while it gets on."""
        age = self.age()
        if age <= self._stale_after:
            return None
        return f"its event loop has been stuck for {age:.0f} s"

    def unreadiness(self) -> str | None:
        """Why the service is not ready; None when it is."""
        sickness = self.sickness()
        reasons = dict.fromkeys([*([sickness] if sickness else ()), *self._lacking.values()])
        return "; ".join(reasons) or None
