"""What models say, as the evaluator recorded it: read of the store when a page wants it, and kept."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelloop.errors import Unavailable
from services.dashboard.from_store import FromStore
from services.dashboard.live import Hub
from services.dashboard.read_model import ReadModel

logger = logging.getLogger(__name__)
MOST_HELD = 32
"""So many are in memory at once, each half a megabyte, or more of many texts that flipped."""
MOST_AT_ONCE = 16
WAIT_AFTER_FAILURE = 15.0

Recorded = Mapping[str, Any]
"""Where a model's predictions are, as the figures have it: uri, sha256, size, and the test set's digest."""


@dataclass(frozen=True)
class PredictionsWanted:
    """What one model says, or what changed from one to another. `files`: their records in the log."""

    files: tuple[Recorded, ...]

    @property
    def name(self) -> str:
        """Tells it apart from all others."""
        return " ".join(f"{each['sha256']}/{each['test'] or ''}" for each in self.files)

    @property
    def asked(self) -> dict[str, Any]:
        """What the process that reads is told."""
        files = [{"uri": e["uri"], "digest": e["sha256"], "size": e["size"]} for e in self.files]
        return {"files": files, "same_test_set": len({each["test"] for each in self.files}) == 1}


class RecordedPredictions:
    """What was read is kept in the read model, and the newest in memory."""

    def __init__(self, store: FromStore, model: ReadModel, hub: Hub) -> None:
        self._store = store
        self._model = model
        self._hub = hub
        self._held: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._reading = dict[tuple[str, str], asyncio.Task[None]]()
        self._failed = -WAIT_AFTER_FAILURE

    def now(self, project: str, wanted: Sequence[PredictionsWanted]) -> list[Any]:
        """What is known of each; None: nothing. The rest is read meanwhile, and open pages are told then."""
        contents = [self._kept(project, each) for each in wanted]
        missing = [each for each, (is_there, _) in zip(wanted, contents, strict=True) if not is_there]
        if missing and time.monotonic() > self._failed + WAIT_AFTER_FAILURE:
            self._begin(project, missing)
        return [content for _, content in contents]

    async def of(self, project: str, wanted: PredictionsWanted) -> Any:
        """What is there; None: it is gone. Raises Unavailable."""
        is_there, content = self._kept(project, wanted)
        if is_there or self._store.store is None:
            return content
        if task := self._reading.get((project, wanted.name)):
            await asyncio.wait([task])
        else:
            await self._read(project, [wanted])
        return self._kept(project, wanted)[1]

    def close(self) -> None:
        """End what is being read."""
        for task in self._reading.values():
            task.cancel()

    def _begin(self, project: str, missing: Sequence[PredictionsWanted]) -> None:
        new = {each.name: each for each in missing if (project, each.name) not in self._reading}
        if self._store.store is None or not new:
            return
        task = asyncio.create_task(self._read_in_parts(project, list(new.values())))
        places = [(project, name) for name in new]
        self._reading |= dict.fromkeys(places, task)

        def is_over(_: object) -> None:
            for place in places:
                self._reading.pop(place, None)

        task.add_done_callback(is_over)

    async def _read_in_parts(self, project: str, wanted: Sequence[PredictionsWanted]) -> None:
        for first in range(0, len(wanted), MOST_AT_ONCE):
            try:
                await self._read(project, wanted[first : first + MOST_AT_ONCE])
            except Unavailable as error:
                self._failed = time.monotonic()
                logger.warning("what models of %s say cannot be read (%s)", project, error)
                return
            self._hub.tell([project])

    async def _read(self, project: str, wanted: Sequence[PredictionsWanted]) -> None:
        contents = await self._store.read([each.asked for each in wanted])
        names = [each.name for each in wanted]
        self._model.save_read(project, dict(zip(names, contents, strict=True)))

    def _kept(self, project: str, wanted: PredictionsWanted) -> tuple[bool, Any]:
        place = (project, wanted.name)
        if place in self._held:
            self._held.move_to_end(place)
            return True, self._held[place]
        is_there, content = self._model.read(project, wanted.name)
        if is_there:
            self._held[place] = content
            if len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
        return is_there, content
