"""Follow the log into the read model, and keep the figures of what changed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Follower, Log, Record
from labelloop.log.calm_collector import collecting_seldom
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.observe.status_file import IDLE
from labelloop.runtime.retry import Retry, first_outage
from services.dashboard.changed_projects import Due
from services.dashboard.live import EVERYTHING, Hub
from services.dashboard.projection import Figures, Glance, Projector
from services.dashboard.read_model import AnotherLog, ReadModel

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 200
COMMIT_INTERVAL = 1.0
SAVE_INTERVAL = 10.0
KINDS = 3
"""How many kinds of figures a project has."""
SHARE, SHARE_BEHIND = 0.25, 0.05
"""The share of a processor's time that figures may take while events keep coming; and while many wait."""
SHARE_OF_SAVES = 0.05
"""The same of what keeps folds."""


class Following:
    """Reads the log for ever. `hub`, and `also`, hear of every change.

    `quick` figures are made at once, `thorough` ones beside all else.

    The group's position in the log stays one record behind, so that the first record after a start must be
    one that is known: by this a log, or a file, that was put back is noticed.
    """

    def __init__(
        self,
        log: Log,
        model: ReadModel,
        projector: Projector,
        quick: Glance,
        thorough: Figures,
        hub: Hub,
        status: ServiceStatus,
        also: Callable[[Collection[str]], None] = lambda changed: None,
    ) -> None:
        self._log = log
        self._model = model
        self._projector = projector
        self._quick, self._thorough = quick, thorough
        self._dues = Due(), Due()
        self._hub = hub
        self._status = status
        self._also = also
        self._retry = Retry(status, LOG)
        self._passed: dict[int, list[Record]] = {}
        self._is_behind = False

    async def run(self) -> None:
        """Run until cancelled."""
        self._status.show(doing=IDLE)
        self._note(self._model.stale(KINDS))
        with collecting_seldom():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                at_once, beside = self._dues
                tasks.create_task(self._figure(at_once, self._at_a_glance, "figures"))
                tasks.create_task(self._figure(beside, self._in_full, "thorough figures"))
                tasks.create_task(self._save())

    async def _follow(self) -> None:
        while True:
            try:
                async with self._log.follow(self._model.group) as follower, asyncio.TaskGroup() as tasks:
                    queue = asyncio.Queue[Record](MOST_AT_ONCE)
                    self._passed = {}
                    tasks.create_task(_read(follower, queue))
                    tasks.create_task(self._measure(follower))
                    tasks.create_task(self._write(queue))
            except* AnotherLog as errors:
                logger.warning("%s: the dashboard reads the log from its beginning", errors.exceptions[0])
                self._projector.forget()
                self._model.renew()
                self._hub.tell([EVERYTHING])
            except* (Unavailable, UserError) as away:
                await self._retry.wait(first_outage(away))

    async def _write(self, queue: asyncio.Queue[Record]) -> None:
        while True:
            records = [await queue.get()]
            while len(records) < MOST_AT_ONCE and not queue.empty():
                records.append(queue.get_nowait())
            self._is_behind = len(records) == MOST_AT_ONCE
            changed = self._projector.take(records)
            self._retry.is_over()
            for record in records:
                self._passed[record.partition] = [*self._passed.get(record.partition, [])[-1:], record]
                if record.event is not None:
                    self._status.metrics.lag.folded(record.event.time)
            self._note(changed)
            self._hub.tell(changed)
            await asyncio.sleep(0)

    async def _measure(self, follower: Follower) -> None:
        while True:
            behind = sum((await follower.lag()).values())
            self._status.behind(behind)
            if not behind:
                self._retry.is_over()
            # While it reads what the log holds, the pages show how far it is.
            self._status.health.lacks(LOG, None)
            for partition, records in list(self._passed.items()):
                if len(records) > 1:
                    await follower.commit(records[0])
                    self._passed[partition] = self._passed[partition][-1:]
            await asyncio.sleep(COMMIT_INTERVAL)

    def _note(self, changed: Collection[str]) -> None:
        for due in self._dues:
            due.note(changed)
        self._also(changed)

    async def _figure(self, due: Due, make: Callable[[str], Awaitable[float]], task: str) -> None:
        """Keep figures of what changed; while events keep coming, they are taken together."""
        retry = Retry(self._status, task)
        while True:
            project = await due.next()
            try:
                seconds = await make(project)
            except Unavailable as error:
                due.note([project])
                await retry.wait(error)
                continue
            retry.is_over()
            self._hub.tell([project])
            await asyncio.sleep(_rest(seconds, SHARE_BEHIND if self._is_behind else SHARE))

    async def _at_a_glance(self, project: str) -> float:
        began = time.thread_time()
        self._projector.figure(project, self._quick)
        return time.thread_time() - began

    async def _in_full(self, project: str) -> float:
        return await self._projector.figure_beside(project, self._thorough)

    async def _save(self) -> None:
        retry, seconds = Retry(self._status, "folds"), 0.0
        while True:
            await asyncio.sleep(max(SAVE_INTERVAL, _rest(seconds, SHARE_OF_SAVES)))
            try:
                seconds = await self._projector.save_beside()
            except Unavailable as error:
                await retry.wait(error)
            else:
                retry.is_over()


def _rest(seconds: float, share: float) -> float:
    """How long to rest after so many seconds of work, that it takes this share of a processor."""
    return seconds * (1 / share - 1)


async def _read(follower: Follower, queue: asyncio.Queue[Record]) -> None:
    async for record in follower:
        await queue.put(record)
