"""The alerting service: it follows the log, checks the services, and sends messages."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from labelloop.alerts.channels import Target, targets
from labelloop.alerts.problems import Alert, Failing, failing_after, of_project, of_service
from labelloop.alerts.settings import AlertRules, AlertSettings
from labelloop.consumers.following import DeliveringHistory
from labelloop.errors import Unavailable, UserError
from labelloop.log import Log, open_log
from labelloop.log.base import ErasingLog, Follower, LogLost, Record
from labelloop.loop.state import ProjectState
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.observe.settings import Observing
from labelloop.observe.status_file import IDLE
from labelloop.runtime.process import keep
from labelloop.runtime.retry import Retry, first_outage
from schemas.envelope import Event
from services.alerting.open_alerts import Book, QueuedAlert, open_book
from services.alerting.watching import ServiceWatch

logger = logging.getLogger(__name__)

NAME = "alerting"
INTERVAL = 5.0
CATCH_UP_INTERVAL = 0.5


async def main(observing: Observing) -> None:
    """Run the service as a process. Raises UserError."""
    settings = AlertSettings.from_environment()
    alert_targets = targets(settings.urls)
    log = open_log(settings.log)

    async def work(status: ServiceStatus) -> None:
        identity = await Retry(status, LOG).until_done(log.identity)
        book = open_book(settings.state, identity, [target.id for target in alert_targets])
        watching = ServiceWatch(settings.run, settings.watch, observing.token)
        await Alerting(log, book, alert_targets, watching, settings.rules, status).run()

    try:
        await keep(NAME, work, observing, settings.run, settings.parent)
    finally:
        await log.close()


@dataclass
class Project:
    """A followed project."""

    partition: int
    history: DeliveringHistory
    failing: Failing


class Alerting:
    """Decides on alerts from the log and the clock, saves them, then sends them.

    The log is folded from its beginning at each start. Alerts are decided only for events after the saved
    offset. Without a saved offset, only current problems are sent.
    """

    def __init__(
        self,
        log: Log,
        book: Book,
        alert_targets: Sequence[Target],
        watching: ServiceWatch,
        rules: AlertRules,
        status: ServiceStatus,
        interval: float = INTERVAL,
    ) -> None:
        self._log = log
        self._book = book
        self._targets = alert_targets
        self._watching = watching
        self._rules = rules
        self._status = status
        self._interval = interval
        self._log_retry = Retry(status, LOG)
        self._disk_retry = Retry(status, "disk")
        self._projects: dict[str, Project] = {}
        self._read: dict[int, int] = {}
        self._follower: Follower | None = None
        self._rebalances = 0
        self._is_caught_up = False
        self._is_kept = True
        self._is_place_kept = True
        self._book_saved = asyncio.Condition()

    async def run(self) -> None:
        """Run until cancelled."""
        self._status.show(doing=IDLE)
        off = self._rules.off
        self._forget(lambda about, key: key.split()[0] in off)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._watch())
            for target in self._targets:
                tasks.create_task(self._tell(target))

    async def _follow(self) -> None:
        while True:
            try:
                async with self._log.follow(NAME) as follower, asyncio.TaskGroup() as tasks:
                    self._status.health.lacks(LOG, "it reads what the log holds")
                    self._projects, self._read, self._is_caught_up = {}, {}, False
                    self._follower, self._rebalances = follower, follower.rebalances
                    tasks.create_task(self._measure(follower))
                    async for record in follower:
                        self._share(follower)
                        await self._take(record)
            except* (Unavailable, UserError) as away:
                await self._log_retry.wait(first_outage(away))

    async def _measure(self, follower: Follower) -> None:
        while True:
            self._share(follower)
            lag = await follower.lag()
            behind = sum(lag.values())
            self._status.behind(behind)
            if not behind and not self._is_caught_up:
                self._check_places(lag)
                self._is_caught_up = True
                self._log_retry.is_over()
                self._status.health.lacks(LOG, None)
                # Events in a partition that was empty so far are new too.
                self._book.places = {**dict.fromkeys(lag, -1), **self._read, **self._book.places}
                self._is_kept = False
                await self._judge_all(datetime.now(UTC))
            await asyncio.sleep(CATCH_UP_INTERVAL)

    def _check_places(self, partitions: Iterable[int]) -> None:
        """Raises LogLost if the log lacks what alerts were decided for, unless it can erase events."""
        for partition in partitions:
            last, place = self._read.get(partition, -1), self._book.places.get(partition, -1)
            if last >= place:
                continue
            if not isinstance(self._log, ErasingLog):
                raise LogLost(
                    f"the log ends at offset {last} of partition {partition}, and alerts were decided up to "
                    f"offset {place}: put back the log that was there, or, if this older one is meant, "
                    f"delete {self._book.path}"
                )
            self._book.places[partition] = last

    def _share(self, follower: Follower) -> None:
        """Events of a partition that another member had before are not new."""
        if follower.rebalances != self._rebalances:
            self._rebalances = follower.rebalances
            self._is_caught_up = False

    async def _take(self, record: Record) -> None:
        self._read[record.partition] = record.offset
        if record.event is None:
            self._status.passed_over(record.position, record.problem)
            return
        place = self._book.places.get(record.partition)
        is_news = self._is_caught_up if place is None else record.offset > place
        project = self._projects.get(record.event.project)
        if project is None:
            history = DeliveringHistory(record.event.project, self._book.log)
            project = self._projects[record.event.project] = Project(record.partition, history, {})

        def noted(event: Event) -> bool:
            project.failing = failing_after(project.failing, event)
            return is_news

        project.history.take(record, noted)
        self._status.metrics.lag.folded(record.event.time)
        if not is_news:
            return
        # The event that halts a project has no state: use the one before it.
        history = project.history
        for event, state in history.deliveries or [(record.event, history.state)]:
            now = datetime.now(UTC) if self._is_caught_up else None
            self._judge(project, state, now or event.time, now)
        self._book.places[record.partition] = record.offset
        self._is_place_kept = False
        await self._keep()

    def _judge(self, project: Project, state: ProjectState, time: datetime, now: datetime | None) -> None:
        """Decide a project's alerts. `time`: of the change. `now` None: the log is not read to its end."""
        history = project.history
        halted = str(history.halt) if history.halt else None
        open_keys = self._book.open_alerts.get(history.project, ())
        firing = of_project(state, project.failing, halted, self._rules, now, open_keys)
        if history.is_away:
            self._forget(lambda about, key: about == history.project)
        else:
            self._change(history.project, firing, time)

    async def _judge_all(self, now: datetime) -> None:
        # The state of projects that another member has is unknown.
        partitions = self._follower.partitions() if self._follower else ()
        for project in self._projects.values():
            if project.partition in partitions:
                self._judge(project, project.history.state, now, now)
        await self._keep()

    async def _watch(self) -> None:
        while True:
            now = datetime.now(UTC)
            for name, look in (await self._watching.look(now)).items():
                about = f"service {name}"
                open_keys = self._book.open_alerts.get(about, ())
                self._change(about, of_service(name, look, open_keys, self._rules, now), now)
            # Offsets are saved only now and then, because each event would cost a write.
            self._is_kept = self._is_kept and self._is_place_kept
            if self._is_caught_up:
                await self._judge_all(now)
            await self._keep()
            await asyncio.sleep(self._interval)

    async def _tell(self, target: Target) -> None:
        """Send a target its queued messages in order. Each is marked as sent at once."""
        retry = Retry(self._status, target.name)
        while True:
            queued = await self._next_for(target)
            await retry.until_done(partial(target.send, queued.message))
            logger.info("sent to %s: %s", target.name, queued.message.title)
            self._book.took(target.id, queued)
            self._is_kept = False
            await self._keep()

    async def _next_for(self, target: Target) -> QueuedAlert:
        """The next message, once it is on disk, so that nothing is sent that could be forgotten."""
        async with self._book_saved:
            while not (self._is_kept and (queued := self._book.next_for(target.id))):
                await self._book_saved.wait()
            return queued

    def _change(self, about: str, firing: Mapping[str, Alert], now: datetime) -> None:
        if self._book.change(about, firing, now):
            self._is_kept = False

    def _forget(self, is_forgotten: Callable[[str, str], bool]) -> None:
        if self._book.forget(is_forgotten):
            self._is_kept = False

    async def _keep(self) -> None:
        if not self._is_kept:
            await self._disk_retry.until_done(self._save)

    async def _save(self) -> None:
        self._book.save()
        self._is_kept = self._is_place_kept = True
        async with self._book_saved:
            self._book_saved.notify_all()
