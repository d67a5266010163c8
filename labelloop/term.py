"""What a running controller owns: partitions come and go, each with its projects."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

from labelloop.controller import Controller
from labelloop.duty import Duty
from labelloop.errors import Unavailable, UserError
from labelloop.folds import Folds
from labelloop.live import Live
from labelloop.log.base import Arrived, Assigned, Away, Back, Change, Fenced, Ownership, Revoked
from labelloop.loop.state import LoopState
from labelloop.observe.about import about_project
from labelloop.observe.health import LOG
from labelloop.observe.instruments import Instruments
from labelloop.part import Part
from labelloop.slot import Slot

logger = logging.getLogger(__name__)

LAG_INTERVAL = 2.0


class Term:
    """The time between becoming an owner and losing all."""

    def __init__(
        self,
        service: Controller[Any],
        slot: Slot,
        ownership: Ownership,
        folds: Folds | None,
        instruments: Instruments,
        here: str,
    ) -> None:
        self._service = service
        self._slot = slot
        self._ownership = ownership
        self._folds = folds
        self._instruments = instruments
        self._here = here
        self._parts: dict[int, Part] = {}
        self._strangers = 0
        self._away: str | None = None

    async def serve(self) -> None:
        try:
            await self._serve()
        finally:
            self._instruments.meters.projects.own({})
            self._instruments.meters.lag.behind(0)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_lag())
            async for change in self._changes():
                match change:
                    case Assigned():
                        self._assigned(change.partition)
                    case Arrived():
                        await self._arrived(change, self._parts[change.partition], tasks)
                    case Revoked():
                        self._parts.pop(change.partition).stop()
                        self._report()
                    case Away():
                        self._instruments.outages.met(LOG, Unavailable(change.reason, change.outage))
                        self._away = change.reason
                        self._slot.say(waiting=change.reason)
                    case Back():
                        self._instruments.outages.over(LOG)
                        self._away = None
                        self._slot.say(waiting=None)
                self._instruments.health.lacks(LOG, self._away or self._unread())
            raise Fenced(f"{self._service.name} has another owner")

    async def _changes(self) -> AsyncIterator[Change]:
        try:
            async for change in self._ownership:
                yield change
        except Unavailable as error:
            # Before the tasks that have met it too are ended, or it would be said again.
            self._instruments.outages.met(LOG, error, "joining again")
            raise

    def _assigned(self, partition: int) -> None:
        meters = self._instruments.meters
        make = partial(Live, ownership=self._ownership, service=self._service.name, meters=meters)
        part = self._parts[partition] = Part(partition, make, self._folds, self._here)
        resumed = part.resume()
        if resumed is not None:
            # What was folded last is read once more: it tells whether this is the log that was folded.
            self._ownership.skip_past(partition, resumed - 1)

    def _unread(self) -> str | None:
        level = all(part.is_level for part in self._parts.values())
        return None if level else "it reads what the log holds"

    async def _arrived(self, change: Arrived, part: Part, tasks: asyncio.TaskGroup) -> None:
        meters = self._instruments.meters
        touched: dict[str, Live] = {}
        for record in part.check(change.records):
            if record.event is None:
                self._strangers += 1
                logger.warning("%s is skipped, it holds no event: %s", record.place, record.problem)
                self._slot.say(strangers=self._strangers)
                meters.passed_over()
                continue
            known = part.projects.get(record.event.project)
            resting = known.history.resting if known else None
            before = known.state if known else LoopState(record.event.project)
            live = part.add(record, record.event.project)
            touched[record.event.project] = live
            meters.lag.folded(record.event.time)
            if part.is_level:
                meters.handled(record.event, before, live.state)
            self._tell_rest(live, resting)
        for live in touched.values():
            await live.announce()
        if change.caught_up:
            part.is_level = True
            for project in part.projects.keys() - part.tasks.keys():
                live = part.projects[project]
                duty = Duty(self._service, live, self._slot, self._instruments)
                part.tasks[project] = (tasks.create_task(duty.work()), tasks.create_task(duty.tend()))
            part.save()
        self._report()
        # A long history arrives page by page: heartbeats and signals go on in between.
        await asyncio.sleep(0)

    def _tell_rest(self, live: Live, before: str | None) -> None:
        now, project = live.history.resting, live.history.project
        if now and now != before:
            level = logging.ERROR if live.history.halt else logging.INFO
            logger.log(level, "project %s is %s", project, now, extra=about_project(project))
        elif before and not now:
            logger.info("project %s goes on", project, extra=about_project(project))

    def _report(self) -> None:
        projects = {name: live for part in self._parts.values() for name, live in part.projects.items()}
        halted = {name: str(live.history.halt) for name, live in projects.items() if live.history.halt}
        conflicts = sum(live.history.conflicts for live in projects.values())
        self._slot.say(halted=halted or None, conflicts=conflicts or None)
        self._instruments.meters.projects.own(projects)

    async def _measure_lag(self) -> None:
        while True:
            with suppress(Unavailable, UserError):
                self._instruments.meters.lag.behind(sum(self._ownership.lag().values()))
            await asyncio.sleep(LAG_INTERVAL)
