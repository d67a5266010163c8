"""Trying until it works: what fails is said, recorded, and tried again with backoff."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Self

from labelloop.backoff import Backoff
from labelloop.controller import Outcome
from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.live import Live
from labelloop.log.base import Fenced
from labelloop.observe.instruments import Instruments
from labelloop.slot import Slot
from schemas.events import ServiceFailed

logger = logging.getLogger(__name__)


class Trial:
    """Tries what one task of a service does in one project; says what is wrong, and when it is over.

    A context manager: on leaving, nothing is said any more.
    """

    def __init__(self, service: str, task: str, slot: Slot, live: Live, instruments: Instruments) -> None:
        self._service = service
        self._who = f"{live.history.project} {task}"
        self._slot = slot
        self._live = live
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
            self._slot.say_of(self._who, doing=None, waiting=None, failure=None)
        else:
            self._slot.say_of(self._who, doing=f"{self._live.history.project}: {doing}")

    async def run(self, due: str, effect: Awaitable[None]) -> bool:
        """Await the effect; False after it failed and the wait before the next try is over."""
        try:
            await effect
        except Fenced:
            raise
        except (Unavailable, UserError) as error:
            self._instruments.outages.met(self._who, error)
            self._instruments.meters.waited(self._live.history.project)
            self._instruments.health.lacks(self._who, str(error))
            self._slot.say_of(self._who, waiting=str(error))
        except Exception as error:
            await self._failed(due, error)
        else:
            self._is_well()
            self._slot.say_of(self._who, waiting=None, failure=None)
            self._backoff.reset()
            return True
        await asyncio.sleep(self._backoff.next())
        return False

    def _is_well(self) -> None:
        self._instruments.outages.over(self._who)
        self._instruments.health.lacks(self._who, None)

    async def _failed(self, due: str, error: Exception) -> None:
        project = self._live.history.project
        expected = isinstance(error, TaskError)
        logger.error("%s: %s failed: %s", project, due, error, exc_info=not expected)
        self._slot.say_of(self._who, failure=f"{due}: {error}")
        kind = error.kind if isinstance(error, TaskError) else type(error).__name__
        self._instruments.meters.failed(project, kind)
        before = self._live.state.failures.get((self._service, due))
        failure = ServiceFailed(
            service=self._service,
            due=due,
            kind=kind,
            error=" ".join(str(error).split())[:1000] or kind,
            attempt=before.event.attempt + 1 if before else 1,
        )
        try:
            await self._live.append([Outcome(failure, self._live.state.latest_id)])
        except Fenced:
            raise
        except Exception as unwritten:
            logger.error("and the log cannot be written either: %s", unwritten)
