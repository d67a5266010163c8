"""Tell open pages that something changed, by server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST_PAGES = 200
KEEP_ALIVE = 15.0
AGAIN = "retry: 1000\n\n"
EVERYTHING = "*"
"""What changed where it concerns no single project."""


@dataclass(eq=False)
class OpenPage:
    """An open page, and which projects have changed since it was told."""

    changed: set[str] = field(default_factory=set)
    is_due: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """Knows the open pages. What changes while a page is told of something else is told together."""

    def __init__(self) -> None:
        self._pages: list[OpenPage] = []
        self._is_closed = False

    def tell(self, about: Collection[str]) -> None:
        """Tell all open pages that these projects changed."""
        for page in self._pages:
            page.changed.update(about)
            if page.changed:
                page.is_due.set()

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        for page in self._pages:
            page.is_due.set()

    @contextmanager
    def page(self) -> Iterator[OpenPage | None]:
        """A further open page. None: there are as many as there may be."""
        if len(self._pages) >= MOST_PAGES:
            yield None
            return
        page = OpenPage()
        self._pages.append(page)
        try:
            yield page
        finally:
            self._pages.remove(page)

    async def stream(self, page: OpenPage) -> AsyncIterator[str]:
        """The lines for a page, until all streams end. Each tells at once which projects changed."""
        yield AGAIN
        while not self._is_closed:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await page.is_due.wait()
            except TimeoutError:
                yield ": still there\n\n"
                continue
            page.is_due.clear()
            changed = sorted(page.changed)
            page.changed.clear()
            if changed:
                yield f"event: changed\ndata: {json.dumps(changed)}\n\n"
