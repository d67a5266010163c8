"""Run a controller: own partitions, fold their projects from the log, react, retry."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Arrived, Assigned, Away, Back, Change, Fenced, Log, Ownership, Revoked
from labelloop.log.calm_collector import collecting_seldom
from labelloop.loop.state import LoopState, NotCreated
from labelloop.observe.logs import about_project
from labelloop.observe.service_status import LOG, READING, ServiceStatus
from labelloop.observe.status_file import IDLE, STANDING_BY
from labelloop.runtime.controller import Controller
from labelloop.runtime.partition import OwnedPartition
from labelloop.runtime.project_work import OwnedProject, ProjectWork
from labelloop.runtime.retry import Retry, first_outage
from labelloop.runtime.state_cache import ForeignCheckpoint, StateCache

logger = logging.getLogger(__name__)
LAG_INTERVAL = 2.0


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
        self._reading = ExitStack()

    async def serve(self) -> None:
        try:
            with self._reading:
                self._reading.enter_context(collecting_seldom())
                await self._serve()
        finally:
            self._status.metrics.own({})
            self._status.behind(0)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure_lag())
            tasks.create_task(self._keep_waking())
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
                unread = self._unread()
                if unread is None:
                    self._reading.close()
                self._status.health.lacks(LOG, self._away or unread)
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
        owned.resume(self._ownership)

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
            project_work = partition.projects.get(name)
            inactive_because = project_work.history.inactive_because if project_work else None
            # A state that was looked at is copied by what changes it, which a long history must not pay for.
            before = project_work.state if project_work and partition.is_caught_up else NotCreated(name)
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

    async def _keep_waking(self) -> None:
        try:
            await self._service.keep_waking(self._wake)
        except Exception:
            logger.exception("nothing wakes the polls any more: they come at their intervals")

    async def _wake(self, project: str) -> None:
        for partition in self._partitions.values():
            if project in partition.projects:
                await partition.projects[project].wake()

    async def _measure_lag(self) -> None:
        while True:
            with suppress(Unavailable, UserError):
                self._status.behind(sum(self._ownership.lag().values()))
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
            status.show(doing=STANDING_BY)
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
