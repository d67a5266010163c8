"""A project as a running controller has it: its history as it grows, and the way to append to it."""

import asyncio
import logging
import time
from collections.abc import Sequence

from labelloop.controller import Outcome
from labelloop.errors import Unavailable
from labelloop.log.base import Ownership, Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.observe.about import about_event
from labelloop.observe.meters import Meters
from schemas.envelope import Event, new_event

logger = logging.getLogger(__name__)

PATIENCE = 60.0


class Live:
    """One project's history; `version` grows with each event that arrives."""

    def __init__(self, history: History, ownership: Ownership, service: str, meters: Meters) -> None:
        self.history = history
        self.version = 0
        self._ownership = ownership
        self._service = service
        self._meters = meters
        self._grown = asyncio.Condition()

    @property
    def state(self) -> LoopState:
        return self.history.state

    def add(self, record: Record) -> None:
        """Take an event from the log. Call `announce` after the last one of a page."""
        if record.event is not None:
            self.history.add(record.event, record.place)
            self.version += 1

    async def announce(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    async def grown(self, version: int, seconds: float | None = None) -> None:
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
                    lambda: bool(self.history.resting) or all(e.id in self.history.seen for e in events)
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
        self._meters.appended(events, time.monotonic() - began)
        for event in events:
            logger.info("%s is in the log", event.name, extra=about_event(event))
