"""What a running controller does in one project: folds it, does what is due, polls, tries again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from typing import Any, Self

from labelloop.backoff import Backoff
from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.log.base import Fenced, Ownership, Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.observe.instruments import Instruments
from labelloop.observe.logs import about_event, about_project, about_work, bind_contextvars, bound_contextvars
from labelloop.observe.metrics import Metrics
from labelloop.observe.status_file import StatusFile
from labelloop.runtime.controller import Controller, Outcome
from schemas.envelope import Event, new_event
from schemas.events import ServiceFailed

logger = logging.getLogger(__name__)
PATIENCE = 60.0


class OwnedProject:
    """One project's history; `version` grows with each event that arrives."""

    def __init__(self, history: History, ownership: Ownership, service: str, metrics: Metrics) -> None:
        self.history = history
        self.version = 0
        self._ownership = ownership
        self._service = service
        self._metrics = metrics
        self._grown = asyncio.Condition()

    @property
    def state(self) -> LoopState:
        return self.history.state

    def add(self, record: Record) -> None:
        """Take an event from the log. Call `announce` after the last one of a page."""
        if record.event is not None:
            self.history.add(record.event, record.position)
            self.version += 1

    async def announce(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    async def wait_for_change(self, version: int, seconds: float | None = None) -> None:
        """Return when there is more than at `version`, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._grown:
                await self._grown.wait_for(lambda: self.version > version)
        except TimeoutError:
            return

    async def append(self, outcomes: Sequence[Outcome]) -> None:
        """Append, and return when the events (or those that were first) have come back from the log.

        Raises Unavailable when they do not come back in a minute.
        """
        if not outcomes:
            return
        events = [self.history.statement(self._event(outcome)) for outcome in outcomes]
        # A try that seemed to fail may have reached the log.
        await self._append([event for event in events if event.id not in self.history.seen])
        try:
            async with asyncio.timeout(PATIENCE), self._grown:
                await self._grown.wait_for(
                    lambda: (
                        bool(self.history.inactive_because) or all(e.id in self.history.seen for e in events)
                    )
                )
        except TimeoutError:
            raise Unavailable("the log has taken an event and does not give it back") from None

    def _event(self, outcome: Outcome) -> Event:
        return new_event(self.history.project, outcome.data, source=self._service, cause=outcome.cause)

    async def _append(self, events: Sequence[Event]) -> None:
        if not events or self.history.is_away:
            return
        began = time.monotonic()
        await self._ownership.append(*events)
        self._metrics.appended(events, time.monotonic() - began)
        for event in events:
            logger.info("%s is in the log", event.name, extra=about_event(event))


class TaskRetry:
    """Tries what one task of a service does in one project; says what is wrong, and when it is over.

    A context manager: on leaving, nothing is said any more.
    """

    def __init__(
        self,
        service: str,
        task: str,
        status_file: StatusFile,
        project: OwnedProject,
        instruments: Instruments,
    ) -> None:
        self._service = service
        self._who = f"{project.history.project} {task}"
        self._status_file = status_file
        self._project = project
        self._instruments = instruments
        self._backoff = Backoff()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._instruments.outages.left(self._who)
        self.say(None)

    def say(self, doing: str | None) -> None:
        """Tell what the task does now; None: nothing is due, and nothing is wrong any more."""
        if doing is None:
            self._is_well()
            self._status_file.set_for(self._who, doing=None, waiting=None, failure=None)
        else:
            self._status_file.set_for(self._who, doing=f"{self._project.history.project}: {doing}")

    async def run(self, due: str, effect: Awaitable[None]) -> bool:
        """Await the effect; False after it failed and the wait before the next try is over."""
        try:
            await effect
        except Fenced:
            raise
        except (Unavailable, UserError) as error:
            self._instruments.outages.met(self._who, error)
            self._instruments.metrics.waited(self._project.history.project)
            self._instruments.health.lacks(self._who, str(error))
            self._status_file.set_for(self._who, waiting=str(error))
        except Exception as error:
            await self._failed(due, error)
        else:
            self._is_well()
            self._status_file.set_for(self._who, waiting=None, failure=None)
            self._backoff.reset()
            return True
        await asyncio.sleep(self._backoff.next())
        return False

    def _is_well(self) -> None:
        self._instruments.outages.over(self._who)
        self._instruments.health.lacks(self._who, None)

    async def _failed(self, due: str, error: Exception) -> None:
        project = self._project.history.project
        expected = isinstance(error, TaskError)
        logger.error("%s: %s failed: %s", project, due, error, exc_info=not expected)
        self._status_file.set_for(self._who, failure=f"{due}: {error}")
        kind = error.kind if isinstance(error, TaskError) else type(error).__name__
        self._instruments.metrics.failed(project, kind)
        before = self._project.state.failures.get((self._service, due))
        failure = ServiceFailed(
            service=self._service,
            due=due,
            kind=kind,
            error=" ".join(str(error).split())[:1000] or kind,
            attempt=before.event.attempt + 1 if before else 1,
        )
        try:
            await self._project.append([Outcome(failure, self._project.state.latest_id)])
        except Fenced:
            raise
        except Exception as unwritten:
            logger.error("and the log cannot be written either: %s", unwritten)


class ProjectWork:
    """Two endless tasks, `work` and `tend`; each is to run as a task of its own."""

    def __init__(
        self,
        service: Controller[Any],
        project: OwnedProject,
        status_file: StatusFile,
        instruments: Instruments,
    ) -> None:
        self._service = service
        self._project = project
        self._status_file = status_file
        self._instruments = instruments
        self._begun: str | None = None

    async def work(self) -> None:
        """Do what is due, one thing after the other."""
        bind_contextvars(**about_project(self._project.history.project))
        with self._retry("work") as retry:
            while True:
                version = self._project.version
                work = (
                    None if self._project.history.inactive_because else self._service.due(self._project.state)
                )
                if work is None:
                    retry.say(None)
                    await self._project.wait_for_change(version)
                    continue
                with bound_contextvars(**about_work(work)):
                    await self._do(self._service.describe(work), retry)

    async def _do(self, due: str, retry: TaskRetry) -> None:
        retry.say(due)
        done: list[Outcome] = []
        if await retry.run(due, self._in_turn(done)):
            # What took long to do is not done again because the log cannot be written.
            while not await retry.run(due, self._project.append(done)):
                continue

    async def _in_turn(self, done: list[Outcome]) -> None:
        async with self._service.lock:
            work = self._service.due(self._project.state)
            if work is None:
                return
            with bound_contextvars(**about_work(work)):
                outcomes = await self._done(work)
            if not self._service.must_still_be_due or self._service.due(self._project.state) == work:
                done += outcomes

    async def _done(self, work: Any) -> Sequence[Outcome]:
        due, began = self._service.describe(work), time.monotonic()
        if due != self._begun:  # A try again is no news.
            logger.info("begins: %s", due)
        self._begun = due
        with self._instruments.metrics.working(self._project.history.project):
            outcomes = await self._service.do(self._project.state, work)
        self._begun = None
        logger.info("done: %s, %.1f s", due, time.monotonic() - began)
        return outcomes

    async def keep_polling(self) -> None:
        """Look at the world outside the log, again and again."""
        bind_contextvars(**about_project(self._project.history.project))
        with self._retry("poll") as retry:
            while True:
                version = self._project.version
                polled = [60.0]
                if self._project.history.inactive_because or await retry.run("poll", self._poll(polled)):
                    await self._project.wait_for_change(version, polled[0])

    async def _poll(self, again_in: list[float]) -> None:
        with self._instruments.metrics.polling():
            polled = await self._service.poll(self._project.state)
        again_in[0] = polled.again_in
        await self._project.append(polled.outcomes)

    def _retry(self, task: str) -> TaskRetry:
        return TaskRetry(self._service.name, task, self._status_file, self._project, self._instruments)
