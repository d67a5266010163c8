"""Run a controller: own partitions, fold their projects from the log, react, retry."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import (
    Arrived,
    Assigned,
    Away,
    Back,
    Change,
    Fenced,
    Log,
    LogLost,
    Ownership,
    Record,
    Revoked,
)
from labelloop.loop.history import History
from labelloop.loop.state import LoopState, NotCreated
from labelloop.observe.health import LOG
from labelloop.observe.logs import about_project
from labelloop.observe.status import ServiceStatus
from labelloop.observe.status_file import IDLE
from labelloop.runtime.controller import Controller
from labelloop.runtime.project import OwnedProject, ProjectWork
from labelloop.runtime.retry import Retry, first_outage
from labelloop.runtime.state_cache import Checkpoint, ForeignCheckpoint, StateCache, is_worth_saving

logger = logging.getLogger(__name__)
LAG_INTERVAL = 2.0
READING = "it reads what the log holds"


class OwnedPartition:
    """The projects of a partition, and the tasks of those that have begun.

    `is_caught_up`: all that was in the log when the partition came is folded.
    """

    def __init__(
        self,
        partition: int,
        make: Callable[[History], OwnedProject],
        state_cache: StateCache | None,
        log_identity: str | None = None,
    ) -> None:
        self.projects: dict[str, OwnedProject] = {}
        self.tasks: dict[str, tuple[asyncio.Task[None], ...]] = {}
        self.is_caught_up = False
        self._partition = partition
        self._make = make
        self._state_cache = state_cache
        self._log_identity = log_identity
        self._expected: Checkpoint | None = None
        self._checkpoint: Checkpoint | None = None
        self._unsaved = 0

    def resume(self) -> int | None:
        """Take up what was saved of the partition: the offset from which to read on."""
        saved = self._state_cache.load(self._partition, self._log_identity) if self._state_cache else None
        if saved is None:
            return None
        self.projects = {history.project: self._make(history) for history in saved.histories}
        self._expected = self._checkpoint = saved.checkpoint
        return saved.checkpoint.offset

    def check(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records that are new. Raises ForeignCheckpoint where the first is not what was folded last."""
        if self._expected is None:
            return records
        if not records or Checkpoint.of(records[0]) != self._expected:
            assert self._state_cache is not None
            self._state_cache.remove(self._partition)
            raise ForeignCheckpoint(
                f"the saved fold of partition {self._partition} is not of this log: folding it again"
            )
        self._expected = None
        return records[1:]

    def shorter(self, problem: str) -> LogLost:
        """The error for a log that ends before the event that was folded last."""
        assert self._state_cache is not None
        assert self._expected is not None
        return LogLost(
            f"{problem}, and this machine has read it up to offset {self._expected.offset}: put back the log "
            f"that was there, or, if this older one is meant, delete {self._state_cache.folder}"
        )

    def add(self, record: Record, project: str) -> OwnedProject:
        """Take an event of a project from the log."""
        owned = self.projects.get(project)
        if owned is None:
            owned = self.projects[project] = self._make(History(project, self._log_identity))
        owned.add(record)
        self._checkpoint = Checkpoint.of(record)
        self._unsaved += 1
        return owned

    def save(self) -> None:
        """Keep what is folded, once it is much more than was kept."""
        histories = [project.history for project in self.projects.values()]
        in_all = sum(len(history.seen) for history in histories)
        held = any(history.halt or history.held for history in histories)
        if self._state_cache and self._checkpoint and not held and is_worth_saving(self._unsaved, in_all):
            self._state_cache.save(self._checkpoint, histories)
            self._unsaved = 0

    def stop(self) -> None:
        """Give up what is under way: it is another's now."""
        for task in chain.from_iterable(self.tasks.values()):
            task.cancel()


class OwnedPartitions:
    """The time between becoming an owner and losing all. `reads` is called when the first records arrive."""

    def __init__(
        self,
        service: Controller[Any],
        status: ServiceStatus,
        ownership: Ownership,
        state_cache: StateCache | None,
        log_identity: str,
        reads: Callable[[], None],
    ) -> None:
        self._service = service
        self._status = status
        self._ownership = ownership
        self._state_cache = state_cache
        self._log_identity = log_identity
        self._reads: Callable[[], None] | None = reads
        self._partitions: dict[int, OwnedPartition] = {}
        self._away: str | None = None

    async def serve(self) -> None:
        try:
            await self._serve()
        finally:
            self._status.metrics.own({})
            self._status.metrics.lag.behind(0)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_lag())
            async for change in self._changes():
                match change:
                    case Assigned():
                        self._assigned(change.partition)
                    case Arrived():
                        if self._reads is not None:
                            self._reads()
                            self._reads = None
                        await self._arrived(change, self._partitions[change.partition], tasks)
                    case Revoked():
                        self._partitions.pop(change.partition).stop()
                        self._report()
                    case Away():
                        self._status.waits(LOG, Unavailable(change.reason, change.outage))
                        self._away = change.reason
                    case Back():
                        self._status.works(LOG)
                        self._away = None
                self._status.health.lacks(LOG, self._away or self._unread())
            raise Fenced(f"{self._service.name} has another owner")

    async def _changes(self) -> AsyncIterator[Change]:
        try:
            async for change in self._ownership:
                yield change
        except Unavailable as error:
            # Before the tasks that have met it too are ended, or it would be said again.
            self._status.waits(LOG, error, "joining again")
            raise

    def _assigned(self, partition: int) -> None:
        metrics = self._status.metrics
        make = partial(OwnedProject, ownership=self._ownership, service=self._service.name, metrics=metrics)
        owned = OwnedPartition(partition, make, self._state_cache, self._log_identity)
        self._partitions[partition] = owned
        resumed = owned.resume()
        if resumed is not None:
            # What was folded last is read once more: it tells whether this is the log that was folded.
            try:
                self._ownership.skip_past(partition, resumed - 1)
            except LogLost as error:
                raise owned.shorter(str(error)) from error

    def _unread(self) -> str | None:
        caught_up = all(partition.is_caught_up for partition in self._partitions.values())
        return None if caught_up else READING

    async def _arrived(self, change: Arrived, partition: OwnedPartition, tasks: asyncio.TaskGroup) -> None:
        metrics = self._status.metrics
        touched: dict[str, OwnedProject] = {}
        for record in partition.check(change.records):
            if record.event is None:
                self._status.passed_over(record.position, record.problem)
                continue
            name = record.event.project
            known = partition.projects.get(name)
            inactive_because = known.history.inactive_because if known else None
            before = known.state if known else NotCreated(name)
            project = touched[name] = partition.add(record, name)
            metrics.lag.folded(record.event.time)
            if partition.is_caught_up:
                metrics.handled(record.event, before, project.state)
            self._tell_inactivity(project, inactive_because)
        for project in touched.values():
            await project.announce()
        if change.caught_up:
            partition.is_caught_up = True
            self._begin_work(partition, tasks)
            partition.save()
        self._report()
        # A long history arrives page by page: heartbeats and signals go on in between.
        await asyncio.sleep(0)

    def _begin_work(self, partition: OwnedPartition, tasks: asyncio.TaskGroup) -> None:
        """On the projects that were created since."""
        for name in partition.projects.keys() - partition.tasks.keys():
            project = partition.projects[name]
            if isinstance(project.state, LoopState):
                work = ProjectWork(self._service, project, self._status)
                partition.tasks[name] = (
                    tasks.create_task(work.work()),
                    tasks.create_task(work.keep_polling()),
                )

    def _tell_inactivity(self, project: OwnedProject, before: str | None) -> None:
        now, name = project.history.inactive_because, project.history.project
        if now and now != before:
            level = logging.ERROR if project.history.halt else logging.INFO
            logger.log(level, "project %s is %s", name, now, extra=about_project(name))
        elif before and not now:
            logger.info("project %s goes on", name, extra=about_project(name))

    def _report(self) -> None:
        projects = {
            name: project
            for partition in self._partitions.values()
            for name, project in partition.projects.items()
        }
        halted = {
            name: str(project.history.halt) for name, project in projects.items() if project.history.halt
        }
        conflicts = sum(project.history.conflicts for project in projects.values())
        self._status.show(halted=halted or None, conflicts=conflicts or None)
        self._status.metrics.own(projects)

    async def _measure_lag(self) -> None:
        while True:
            with suppress(Unavailable, UserError):
                self._status.metrics.lag.behind(sum(self._ownership.lag().values()))
            await asyncio.sleep(LAG_INTERVAL)


class ServiceRunner:
    """One service over all the projects that it owns, each worked on by tasks of its own."""

    def __init__(
        self,
        log: Log,
        service: Controller[Any],
        status: ServiceStatus,
        state_cache: StateCache | None = None,
    ) -> None:
        self._log = log
        self._service = service
        self._status = status
        self._state_cache = state_cache

    async def run(self) -> None:
        """Run until cancelled; when another process takes over, wait to own the projects again."""
        status, retry = self._status, Retry(self._status, LOG)
        standing_by = partial(status.health.lacks, LOG)

        def reads() -> None:
            status.works(LOG, lacking=READING)
            retry.is_over()

        while True:
            status.show(doing="waiting for the process that owns this service")
            try:
                log_identity = await self._log.identity()
                async with self._log.own(self._service.name, standing_by) as ownership:
                    status.show(doing=IDLE)
                    status.health.lacks(LOG, READING)
                    await OwnedPartitions(
                        self._service, status, ownership, self._state_cache, log_identity, reads
                    ).serve()
            except* Fenced as fenced:
                logger.warning("%s; joining again", fenced.exceptions[0])
                status.health.lacks(LOG, "another process took its projects over: it joins again")
                status.metrics.taken_over()
            except* ForeignCheckpoint as foreign:
                logger.warning("%s", foreign.exceptions[0])
            except* Unavailable as away:
                status.waits(LOG, first_outage(away), "joining again")
            await retry.pause()
