"""Waiting for what is away: said once, however each try of it fails, and once when it is back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.observe.health import Health
from labelloop.observe.status_file import StatusFile

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


def stop_if_asked() -> None:
    """Raise CancelledError if this task was cancelled, though it went on to end what it was at."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Retry:
    """Patience with one thing that a service needs; `who` tells it from the others in slot and health."""

    def __init__(
        self,
        status_file: StatusFile,
        who: str,
        backoff: Callable[[], Backoff] = Backoff,
        health: Health | None = None,
    ) -> None:
        self._status_file = status_file
        self._health = health or Health()
        self._who = who
        self._backoff = backoff()
        self._outage: str | None = None

    async def until_done(self, effect: Callable[[], Awaitable[Result]]) -> Result:
        """Try until it is neither Unavailable nor a UserError."""
        while True:
            try:
                result = await effect()
            except (Unavailable, UserError) as error:
                await self.wait(error)
            else:
                self.is_over()
                return result

    async def wait(self, error: Exception) -> None:
        """Say it, unless it is said, and return when it is time for the next try."""
        outage = error.outage if isinstance(error, Unavailable) else str(error)
        if outage != self._outage:
            logger.warning("%s; trying again", error)
            self._outage = outage
        self._status_file.set_for(self._who, waiting=str(error))
        self._health.lacks(self._who, str(error))
        stop_if_asked()
        await asyncio.sleep(self._backoff.next())

    def is_over(self) -> None:
        """It works."""
        if self._outage is not None:
            logger.info("it works again; over is: %s", self._outage)
            self._outage = None
            self._status_file.set_for(self._who, waiting=None)
            self._health.lacks(self._who, None)
        self._backoff.reset()
