"""Texts that nobody was asked, and those of test sets: read of the store where a page shows them."""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from labelloop.errors import Unavailable
from services.dashboard.from_store import FromStore
from services.dashboard.predicted_texts import POOL
from services.dashboard.text_queries import TextQueries

logger = logging.getLogger(__name__)
MOST_HELD, LONGEST = 3000, 600
Snapshots = Sequence[Mapping[str, Any]]


class Beginnings:
    """The beginnings of texts, those shown last in memory."""

    def __init__(self, store: FromStore, texts: TextQueries) -> None:
        self._store = store
        self._texts = texts
        self._held: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._last: tuple[tuple[str, int], str] | None = None

    async def of_pool(self, project: str, snapshots: Snapshots, items: Sequence[int]) -> dict[int, str]:
        """The beginnings of texts of the pool by item, as far as they can be read."""
        asked = {item: self._texts.words(project, item) for item in items}
        known = {item: text[:LONGEST] for item, text in asked.items() if text is not None}
        return known | await self.of(snapshots, [item for item in items if item not in known])

    async def of_part(
        self, project: str, figures: Mapping[str, Any], part: str, test: str | None, items: Sequence[int]
    ) -> dict[int, str]:
        """Those of texts of the pool, or of the test set with this digest. `figures`: the project's."""
        if not items:
            return {}
        if part == POOL:
            return await self.of_pool(project, figures["pool"], items)
        snapshot = figures["tests"].get(test or "")
        return await self.of([snapshot] if snapshot else [], items)

    async def of(self, snapshots: Snapshots, items: Sequence[int]) -> dict[int, str]:
        """Those of texts of these snapshots."""
        if not snapshots or self._store.store is None:
            return {}
        digest = str(snapshots[-1]["digest"])
        size = sum(int(each["size"]) for each in snapshots)
        missing = [item for item in items if item < size and (digest, item) not in self._held]
        if missing:
            try:
                texts = await self._store.texts(snapshots, missing)
            except Unavailable as error:
                logger.warning("texts cannot be read (%s)", error)
                texts = []
            for item, text in zip(missing, texts, strict=False):
                self._held[digest, item] = text[:LONGEST]
        held = {item: self._held[digest, item] for item in items if (digest, item) in self._held}
        while len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return held

    async def whole(self, project: str, snapshots: Snapshots, item: int) -> str | None:
        """A text of the pool, whole, if it can be read."""
        kept = self._texts.words(project, item)
        if kept is not None or self._store.store is None or not snapshots:
            return kept
        place = (str(snapshots[-1]["digest"]), item)
        if self._last is None or self._last[0] != place:
            try:
                self._last = place, (await self._store.texts(snapshots, [item]))[0]
            except Unavailable as error:
                logger.warning("a text cannot be read (%s)", error)
                return None
        return self._last[1]
