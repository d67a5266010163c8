"""Tell open pages that something changed, by server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection

MOST_PAGES = 200
KEEP_ALIVE = 15.0
AGAIN = "retry: 1000\n\n"
EVERYTHING = "*"
"""What changed where it concerns no single project."""


class Hub:
    """Knows the open pages. What changes while a page is told of something else is told together."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, set[str]] = {}
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= MOST_PAGES

    def tell(self, about: Collection[str]) -> None:
        """Tell all open pages that these projects changed."""
        for event, changed in self._waiting.items():
            changed.update(about)
            if changed:
                event.set()

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        for event in self._waiting:
            event.set()

    async def stream(self) -> AsyncIterator[str]:
        """The lines for a page, until it is closed. Each tells at once which projects changed."""
        event, changed = asyncio.Event(), set[str]()
        self._waiting[event] = changed
        try:
            yield AGAIN
            while not self._is_closed:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        await event.wait()
                except TimeoutError:
                    yield ": still there\n\n"
                    continue
                event.clear()
                told = sorted(changed)
                changed.clear()
                if told:
                    yield f"event: changed\ndata: {json.dumps(told)}\n\n"
        finally:
            del self._waiting[event]
