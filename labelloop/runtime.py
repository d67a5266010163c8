"""Runs a controller: restore its projects from the log, follow them, react, try again."""

import asyncio
import logging
from functools import partial
from typing import Any

from labelloop.backoff import Backoff
from labelloop.controller import Controller, Outcome
from labelloop.errors import Unavailable
from labelloop.folds import Folds, Misfit
from labelloop.live import Live
from labelloop.log.base import Arrived, Assigned, Away, Back, Fenced, Log, Ownership, Revoked
from labelloop.part import Part
from labelloop.slot import IDLE, Slot
from labelloop.trial import Trial

logger = logging.getLogger(__name__)


class Runtime:
    """One service over all the projects that it owns, each worked on by tasks of its own."""

    def __init__(self, log: Log, service: Controller[Any], slot: Slot, folds: Folds | None = None) -> None:
        self._log = log
        self._service = service
        self._slot = slot
        self._folds = folds

    async def run(self) -> None:
        """Run until cancelled; when another process takes over, wait to own the projects again."""
        backoff, outage = Backoff(), None
        while True:
            self._slot.say(doing="waiting for the process that owns this service")
            try:
                async with self._log.own(self._service.name) as ownership:
                    self._slot.say(doing=IDLE, waiting=None)
                    outage = None
                    backoff.reset()
                    await Term(self._service, self._slot, ownership, self._folds).serve()
            except* (Fenced, Misfit) as fenced:
                logger.warning("%s; joining again", fenced.exceptions[0])
            except* Unavailable as away:
                error = away.exceptions[0]
                if isinstance(error, Unavailable) and outage != error.outage:
                    logger.warning("%s; joining again", error)
                    outage = error.outage
                self._slot.say(waiting=str(error))
            await asyncio.sleep(backoff.next())


class Term:
    """The time between becoming an owner and losing all: partitions come and go, each with its projects."""

    def __init__(
        self, service: Controller[Any], slot: Slot, ownership: Ownership, folds: Folds | None
    ) -> None:
        self._service = service
        self._slot = slot
        self._ownership = ownership
        self._folds = folds
        self._parts: dict[int, Part] = {}
        self._strangers = 0

    async def serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for change in self._ownership:
                match change:
                    case Assigned():
                        self._assigned(change.partition)
                    case Arrived():
                        await self._arrived(change, self._parts[change.partition], tasks)
                    case Revoked():
                        self._parts.pop(change.partition).stop()
                    case Away():
                        logger.warning("%s; trying again", change.reason)
                        self._slot.say(waiting=change.reason)
                    case Back():
                        logger.info("the log answers again")
                        self._slot.say(waiting=None)
            raise Fenced(f"{self._service.name} has another owner")

    def _assigned(self, partition: int) -> None:
        make = partial(Live, ownership=self._ownership, service=self._service.name)
        part = self._parts[partition] = Part(partition, make, self._folds)
        resumed = part.resume()
        if resumed is not None:
            # What was folded last is read once more: it tells whether this is the log that was folded.
            self._ownership.skip_past(partition, resumed - 1)

    async def _arrived(self, change: Arrived, part: Part, tasks: asyncio.TaskGroup) -> None:
        touched: dict[str, Live] = {}
        for record in part.check(change.records):
            if record.event is None:
                self._strangers += 1
                logger.warning("offset %d is skipped, it holds no event: %s", record.offset, record.problem)
                self._slot.say(strangers=self._strangers)
                continue
            known = part.projects.get(record.event.project)
            halted = known.history.halt if known else None
            live = part.add(record, record.event.project)
            touched[record.event.project] = live
            if live.history.halt is not halted:
                logger.error("project %s is %s", record.event.project, live.history.halt)
        for live in touched.values():
            await live.announce()
        if change.caught_up:
            for project in part.projects.keys() - part.tasks.keys():
                live = part.projects[project]
                work, tend = tasks.create_task(self._work(live)), tasks.create_task(self._tend(live))
                part.tasks[project] = (work, tend)
            part.save()
        self._report()
        # A long history arrives page by page: heartbeats and signals go on in between.
        await asyncio.sleep(0)

    def _report(self) -> None:
        projects = {name: live for part in self._parts.values() for name, live in part.projects.items()}
        halted = {name: str(live.history.halt) for name, live in projects.items() if live.history.halt}
        conflicts = sum(live.history.conflicts for live in projects.values())
        self._slot.say(halted=halted or None, conflicts=conflicts or None)

    async def _work(self, live: Live) -> None:
        """Do what is due, one thing after the other."""
        trial = Trial(self._service.name, "work", self._slot, live)
        while True:
            version = live.version
            work = None if live.history.halt else self._service.due(live.state)
            if work is None:
                trial.say(None)
                await live.grown(version)
                continue
            due = self._service.describe(work)
            trial.say(due)
            done: list[Outcome] = []
            if await trial.run(due, self._do(live, done)):
                # What took long to do is not done again because the log cannot be written.
                while not await trial.run(due, live.append(done)):
                    continue

    async def _do(self, live: Live, done: list[Outcome]) -> None:
        async with self._service.turn:
            work = self._service.due(live.state)
            if work is not None:
                outcomes = await self._service.do(live.state, work)
                if not self._service.must_still_be_due or self._service.due(live.state) == work:
                    done += outcomes

    async def _tend(self, live: Live) -> None:
        """Look at the world outside the log, again and again."""
        trial = Trial(self._service.name, "poll", self._slot, live)
        while True:
            version = live.version
            polled = [60.0]
            if live.history.halt or await trial.run("poll", self._poll(live, polled)):
                await live.grown(version, polled[0])

    async def _poll(self, live: Live, again_in: list[float]) -> None:
        polled = await self._service.poll(live.state)
        again_in[0] = polled.again_in
        await live.append(polled.outcomes)
