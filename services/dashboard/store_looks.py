"""What no event tells of the store: looked at when a page wants to know, and shown when it is found."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from labelloop.errors import Unavailable
from services.dashboard.from_store import FromStore
from services.dashboard.live import Hub

logger = logging.getLogger(__name__)
Found = dict[str, Any]
Look = Callable[[], Coroutine[None, None, Found]]


class StoreLooks:
    """Looks again and again, and tells open pages what it found. A look is good for `fresh` seconds."""

    fresh = 30.0

    def __init__(self, store: FromStore, hub: Hub) -> None:
        self._store = store
        self._hub = hub
        self._seen: dict[str, Found] = {}
        self._looked: dict[str, tuple[float, str]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """End the looks."""
        for task in self._looking:
            task.cancel()

    def _last(self, project: str, of: str, look: Look) -> Mapping[str, Any]:
        """What was found last. A new look is due after a while, and for another `of`."""
        at, before = self._looked.get(project, (-self.fresh, of))
        is_due = time.monotonic() > at + self.fresh or before != of
        if is_due and self._store.store is not None:
            self._looked[project] = time.monotonic(), of
            task = asyncio.create_task(self._look(project, look))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        return self._seen.get(project, {})

    async def _look(self, project: str, look: Look) -> None:
        try:
            seen = await look()
        except Unavailable as error:
            logger.warning("the store cannot be looked at for %s (%s)", project, error)
            return
        before = self._seen.get(project, {})
        if before | seen != before:
            self._seen[project] = before | seen
            self._hub.tell([project])


class Folders(StoreLooks):
    """Which models' folders are still in the store: the trainer removes old ones without telling the log."""

    def now(self, project: str, models: Sequence[Mapping[str, Any]]) -> Mapping[str, int | None]:
        """The bytes of each model's folder by its address, None if it is gone, as last seen."""
        if not models:
            return self._seen.get(project, {})
        return self._last(project, models[-1]["artifact"], partial(self._sizes, models))

    async def _sizes(self, models: Sequence[Mapping[str, Any]]) -> Found:
        names = ("model", "attempt", "artifact", "sha256")
        sizes = await self._store.folders([{name: each[name] for name in names} for each in models])
        return dict(zip([each["artifact"] for each in models], sizes, strict=True))


class WhatIfs(StoreLooks):
    """The curves that `labelloop what-if` left in the store: rarely any, so they are seldom looked for."""

    fresh = 300.0

    def now(self, project: str) -> Mapping[str, Any]:
        """Those of a project by strategy, as last seen."""
        return self._last(project, "", partial(self._store.what_if, project))
