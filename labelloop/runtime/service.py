"""Runs a controller: owns partitions, folds their projects from the log, reacts, tries again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Arrived, Assigned, Away, Back, Change, Fenced, Log, Ownership, Record, Revoked
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.observe.health import LOG
from labelloop.observe.instruments import Instruments
from labelloop.observe.logs import about_project
from labelloop.observe.status_file import IDLE, Slot
from labelloop.runtime.controller import Controller
from labelloop.runtime.project import Duty, Live
from labelloop.runtime.state_cache import Folds, Mark, Misfit, is_worth_saving

logger = logging.getLogger(__name__)
LAG_INTERVAL = 2.0


class Part:
    """The projects of a partition, and the tasks of those that have begun.

    `is_level`: all that was in the log when the partition came is folded.
    """

    def __init__(
        self, partition: int, make: Callable[[History], Live], folds: Folds | None, here: str | None = None
    ) -> None:
        self.projects: dict[str, Live] = {}
        self.tasks: dict[str, tuple[asyncio.Task[None], ...]] = {}
        self.is_level = False
        self._partition = partition
        self._make = make
        self._folds = folds
        self._here = here
        self._expected: Mark | None = None
        self._mark: Mark | None = None
        self._unsaved = 0

    def resume(self) -> int | None:
        """Take up what was saved of the partition: the offset from which to read on."""
        saved = self._folds.load(self._partition, self._here) if self._folds else None
        if saved is None:
            return None
        self.projects = {history.project: self._make(history) for history in saved.histories}
        self._expected = self._mark = saved.mark
        return saved.mark.offset

    def check(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records that are new. Raises Misfit where those read first are not what was folded last."""
        if self._expected is None:
            return records
        if not records or Mark.of(records[0]) != self._expected:
            assert self._folds is not None
            self._folds.remove(self._partition)
            raise Misfit(
                f"the saved fold of partition {self._partition} is not of this log: folding it again"
            )
        self._expected = None
        return records[1:]

    def add(self, record: Record, project: str) -> Live:
        """Take an event of a project from the log."""
        live = self.projects.get(project)
        if live is None:
            live = self.projects[project] = self._make(History(project, self._here))
        live.add(record)
        self._mark = Mark.of(record)
        self._unsaved += 1
        return live

    def save(self) -> None:
        """Keep what is folded, once it is much more than was kept."""
        in_all = sum(len(live.history.seen) for live in self.projects.values())
        held = any(live.history.halt or live.history.held for live in self.projects.values())
        if self._folds and self._mark and not held and is_worth_saving(self._unsaved, in_all):
            self._folds.save(self._mark, [live.history for live in self.projects.values()])
            self._unsaved = 0

    def stop(self) -> None:
        """Give up what is under way: it is another's now."""
        for task in chain.from_iterable(self.tasks.values()):
            task.cancel()


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


class Runtime:
    """One service over all the projects that it owns, each worked on by tasks of its own."""

    def __init__(
        self,
        log: Log,
        service: Controller[Any],
        slot: Slot,
        folds: Folds | None = None,
        instruments: Instruments | None = None,
    ) -> None:
        self._log = log
        self._service = service
        self._slot = slot
        self._folds = folds
        self._instruments = instruments or Instruments.of(service.name)

    async def run(self) -> None:
        """Run until cancelled; when another process takes over, wait to own the projects again."""
        health, meters = self._instruments.health, self._instruments.meters
        standing_by = partial(health.lacks, LOG)
        outages, backoff = self._instruments.outages, Backoff()
        while True:
            self._slot.say(doing="waiting for the process that owns this service")
            try:
                here = await self._log.identity()
                async with self._log.own(self._service.name, standing_by) as ownership:
                    self._slot.say(doing=IDLE, waiting=None)
                    outages.over(LOG)
                    backoff.reset()
                    await Term(
                        self._service, self._slot, ownership, self._folds, self._instruments, here
                    ).serve()
            except* Fenced as fenced:
                logger.warning("%s; joining again", fenced.exceptions[0])
                health.lacks(LOG, "another process took its projects over: it joins again")
                meters.taken_over()
            except* Misfit as misfit:
                logger.warning("%s", misfit.exceptions[0])
            except* Unavailable as away:
                error = away.exceptions[0]
                if isinstance(error, Unavailable):
                    outages.met(LOG, error, "joining again")
                self._slot.say(waiting=str(error))
                health.lacks(LOG, str(error))
            await asyncio.sleep(backoff.next())
