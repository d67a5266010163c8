"""What a running controller does in one project: folds it, does what is due, polls, tries again."""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from labelloop.errors import TaskError, Unavailable, one_line
from labelloop.log.base import Fenced, Ownership, Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState, ProjectState
from labelloop.observe.logs import about_event, about_project, about_work, bind_contextvars, bound_contextvars
from labelloop.observe.metrics import Metrics
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime.controller import Controller, Outcome
from labelloop.runtime.retry import Retry, cannot_pass, is_recorded
from schemas.envelope import Event, new_event
from schemas.events import EventData, ProjectPaused, ServiceFailed

logger = logging.getLogger(__name__)
PATIENCE = 60.0
POLL_INTERVAL = 60.0
POLL, WORK = "poll", "work"


class OwnedProject:
    """One project's history; `version` grows with each event that arrives, and each time it is woken."""

    def __init__(self, history: History, ownership: Ownership, service: str, metrics: Metrics) -> None:
        self.history = history
        self.version = 0
        self._ownership = ownership
        self._service = service
        self._metrics = metrics
        self._grown = asyncio.Condition()

    @property
    def state(self) -> ProjectState:
        return self.history.state

    def add(self, record: Record) -> None:
        """Take an event from the log. Call `announce` after the last one of a page."""
        if record.event is not None:
            self.history.add(record.event, record.position)
            self.version += 1

    async def announce(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    async def wake(self) -> None:
        """Let those who wait for a change go on without one."""
        self.version += 1
        await self.announce()

    async def wait_for_change(self, version: int, seconds: float | None = None) -> None:
        """Return when there is more than at `version`, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._grown:
                await self._grown.wait_for(lambda: self.version > version)
        except TimeoutError:
            return

    async def append(self, outcomes: Sequence[Outcome]) -> Sequence[Event]:
        """Append, and return the events when they (or those that were first) have come back from the log.

        Raises Unavailable when they do not come back in a minute.
        """
        if not outcomes:
            return ()
        events = [self.history.statement(self._event(outcome)) for outcome in outcomes]
        # A try that seemed to fail may have reached the log.
        await self._append([event for event in events if event.id not in self.history.datahashes])
        try:
            async with asyncio.timeout(PATIENCE), self._grown:
                await self._grown.wait_for(
                    lambda: (
                        bool(self.history.inactive_because)
                        or all(e.id in self.history.datahashes for e in events)
                    )
                )
        except TimeoutError:
            raise Unavailable("the log has taken an event and does not give it back") from None
        return events

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


class ProjectWork:
    """Two endless tasks, `work` and `keep_polling`; each is to run as a task of its own.

    The project was created: before, there is nothing to do in it.
    """

    def __init__(self, service: Controller[Any], project: OwnedProject, status: ServiceStatus) -> None:
        self._service = service
        self._project = project
        self._status = status
        self._name = project.history.project
        self._begun: str | None = None
        self._failures: dict[str, tuple[str, int]] = {}

    @property
    def _state(self) -> LoopState:
        assert isinstance(self._project.state, LoopState)
        return self._project.state

    async def work(self) -> None:
        """Do what is due, one thing after the other."""
        bind_contextvars(**about_project(self._name))
        with self._retry(WORK) as retry:
            while True:
                version = self._project.version
                work = None if self._project.history.inactive_because else self._due()
                if work is None:
                    self._status.does(retry.task, None)
                    await self._project.wait_for_change(version)
                    continue
                with bound_contextvars(**about_work(work)):
                    await self._do(self._service.describe(work), retry)

    async def keep_polling(self) -> None:
        """Look at the world outside the log, again and again."""
        bind_contextvars(**about_project(self._name))
        with self._retry(POLL) as retry:
            while True:
                version = self._project.version
                again_in: float | None = POLL_INTERVAL
                if not self._project.history.inactive_because:
                    again_in = await retry.attempt(self._poll(), partial(self._failed, retry.task, POLL))
                if again_in is not None:
                    self._works(POLL)
                    await self._project.wait_for_change(version, again_in)

    async def _do(self, due: str, retry: Retry) -> None:
        self._status.does(retry.task, f"{self._name}: {due}")
        failed = partial(self._failed, retry.task, due)
        outcomes = await retry.attempt(self._in_turn(), failed)
        if outcomes is not None:
            self._works(due)
        # What took long to do is not done again because the log cannot be written.
        while outcomes is not None and await retry.attempt(self._project.append(outcomes), failed) is None:
            continue

    def _due(self) -> Any:
        return self._service.due(self._state)

    async def _in_turn(self) -> Sequence[Outcome]:
        """What is due once it is this project's turn, done; nothing where it is not due any more."""
        async with self._service.lock:
            work = self._due()
            if work is None:
                return ()
            with bound_contextvars(**about_work(work)):
                outcomes = await self._outcomes(work)
            return outcomes if self._service.still_due(self._state, work) else ()

    async def _outcomes(self, work: Any) -> Sequence[Outcome]:
        due, began = self._service.describe(work), time.monotonic()
        if due != self._begun:  # A try again is no news.
            logger.info("begins: %s", due)
        self._begun = due
        with self._status.metrics.working(self._name):
            outcomes = await self._service.do(self._state, work)
        self._begun = None
        logger.info("done: %s, %.1f s", due, time.monotonic() - began)
        return outcomes

    async def _poll(self) -> float:
        """In how many seconds to look again."""
        with self._status.metrics.polling():
            polled = await self._service.poll(self._state)
        await self._project.append(polled.outcomes)
        return polled.again_in

    async def _failed(self, task: str, due: str, error: Exception) -> None:
        """Tell of a failure, and record it."""
        expected = isinstance(error, TaskError)
        logger.error("%s: %s failed: %s", self._name, due, error, exc_info=not expected)
        kind = error.kind if isinstance(error, TaskError) else type(error).__name__
        self._status.failed(task, due, error, kind, self._name)
        attempt, is_new = self._count(due, kind)
        pauses = self._must_pause(task, kind, attempt)
        if not (pauses or is_recorded(attempt, is_new)):
            return
        failure = ServiceFailed(
            service=self._service.name,
            due=due,
            kind=kind,
            error=one_line(str(error))[:1000] or kind,
            attempt=attempt,
        )
        events: list[EventData] = [failure]
        if pauses:
            logger.error("%s is paused, because trying again is useless: see `labelloop status`", self._name)
            why = f"{due} failed: {failure.error}"
            request = f"{self._service.name} {due} {attempt}"
            events.append(ProjectPaused(request=request, who=self._service.name, why=why))
        try:
            await self._project.append([Outcome(event, self._state.latest_id) for event in events])
        except Fenced:
            raise
        except Exception as unwritten:
            logger.error("and the log cannot be written either: %s", unwritten)

    def _must_pause(self, task: str, kind: str, attempt: int) -> bool:
        is_open = not (self._state.paused or self._state.ended)
        return self._service.pauses and task == self._task(WORK) and is_open and cannot_pass(kind, attempt)

    def _count(self, due: str, kind: str) -> tuple[int, bool]:
        """The number of this try, also over restarts as far as the log knows, and whether it fails anew."""
        recorded = self._state.failures.get((self._service.name, due))
        logged = (recorded.event.kind, recorded.event.attempt) if recorded else ("", 0)
        last, attempt = max(logged, self._failures.get(due, logged), key=itemgetter(1))
        self._failures[due] = kind, attempt + 1
        return attempt + 1, kind != last

    def _works(self, due: str) -> None:
        """The next failure is a new one, whatever its kind."""
        if due in self._failures:
            self._failures[due] = "", self._failures[due][1]

    def _retry(self, task: str) -> Retry:
        return Retry(self._status, self._task(task), project=self._name)

    def _task(self, task: str) -> str:
        return f"{self._name} {task}"
