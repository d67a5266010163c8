"""Which models' folders are still in the store, and how large they are."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from labelloop.errors import Unavailable
from services.dashboard.from_store import FromStore
from services.dashboard.live import Hub

logger = logging.getLogger(__name__)
FRESH = 30.0
"""Seconds for which a look is good: the trainer removes old models without telling the log."""


class Folders:
    """Looks when a page wants to know, and tells open pages what it found."""

    def __init__(self, store: FromStore, hub: Hub) -> None:
        self._store = store
        self._hub = hub
        self._found: dict[str, dict[str, int | None]] = {}
        self._looked: dict[str, tuple[float, str]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def now(self, project: str, models: Sequence[Mapping[str, Any]]) -> Mapping[str, int | None]:
        """The bytes of each model's folder by its address, None if it is gone, as last seen."""
        last, newest = self._looked.get(project, (-FRESH, ""))
        is_due = models and (time.monotonic() > last + FRESH or newest != models[-1]["artifact"])
        if is_due and self._store.store is not None:
            self._looked[project] = time.monotonic(), models[-1]["artifact"]
            task = asyncio.create_task(self._look(project, models))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        return self._found.get(project, {})

    def close(self) -> None:
        """End the looks."""
        for task in self._looking:
            task.cancel()

    async def _look(self, project: str, models: Sequence[Mapping[str, Any]]) -> None:
        names = ("model", "attempt", "artifact", "sha256")
        try:
            sizes = await self._store.folders([{name: each[name] for name in names} for each in models])
        except Unavailable as error:
            logger.warning("the models of %s cannot be looked at (%s)", project, error)
            return
        before = self._found.get(project, {})
        found = before | dict(zip([each["artifact"] for each in models], sizes, strict=True))
        if found != before:
            self._found[project] = found
            self._hub.tell([project])
