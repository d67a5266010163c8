"""How far a service is behind the log's end."""

import time
from collections.abc import Callable
from datetime import datetime


class Lag:
    """Told by the event loop, asked by other threads. `clock` in seconds since 1970, as events' times."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._events = 0
        self._newest = 0.0
        self._level_at = 0.0

    def behind(self, events: int) -> None:
        """So many events of the log are not folded."""
        self._events = events
        if not events:
            self._level_at = self._clock()

    def folded(self, written: datetime) -> None:
        """An event that was written then is folded."""
        self._newest = max(self._newest, written.timestamp())

    def events(self) -> int:
        return self._events

    def seconds(self) -> float:
        """The age of the oldest event that is not folded, at most: 0 when all are."""
        if not self._events:
            return 0.0
        since = max(self._newest, self._level_at)
        return max(0.0, self._clock() - since) if since else 0.0
