"""Retry until it works. An outage is logged once when it begins and once when it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Fenced
from labelloop.observe.service_status import ServiceStatus

Result = TypeVar("Result")
WRONG_INPUT = "bad-input"
PASSING = ("disk-full", "out-of-memory", "model-missing", "model-damaged")
MANY = 8


def stop_if_asked() -> None:
    """Raise CancelledError if this task was cancelled but finished its current step first."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def is_recorded(attempt: int, is_new: bool) -> bool:
    """Whether a failed try is recorded: a new failure, or the same one at its 2nd, 4th, 8th … try."""
    return is_new or attempt & (attempt - 1) == 0


def cannot_pass(kind: str, attempt: int) -> bool:
    """Whether trying again is useless: the input is wrong, or the same error came at 8 tries.

    Space, memory and lost models come back, and outages are no failures.
    """
    return kind == WRONG_INPUT or (kind not in PASSING and attempt >= MANY)


def first_outage(group: BaseExceptionGroup[Unavailable | UserError]) -> Unavailable | UserError:
    """The first error of a group, at any depth."""
    error = group.exceptions[0]
    return first_outage(error) if isinstance(error, BaseExceptionGroup) else error


class Retry:
    """Retries one task of a service. Its waits are counted for `project`.

    A context manager: on exit, the task's status is removed.
    """

    def __init__(
        self,
        status: ServiceStatus,
        task: str,
        backoff: Callable[[], Backoff] = Backoff,
        project: str | None = None,
    ) -> None:
        self.task = task
        self._status = status
        self._project = project
        self._backoff = backoff()
        self._is_waiting = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._status.ended(self.task)

    async def until_done(self, effect: Callable[[], Awaitable[Result]]) -> Result:
        """Retry until `effect` raises neither Unavailable nor UserError."""
        while True:
            try:
                result = await effect()
            except (Unavailable, UserError) as error:
                await self.wait(error)
            else:
                self.is_over()
                return result

    async def attempt(
        self, effect: Awaitable[Result], failed: Callable[[Exception], Awaitable[None]]
    ) -> Result | None:
        """The result, or None when it is time for the next try.

        Exceptions other than Unavailable and UserError are passed to `failed`. Raises Fenced.
        """
        try:
            result = await effect
        except Fenced:
            raise
        except (Unavailable, UserError) as error:
            await self.wait(error)
        except Exception as error:
            await failed(error)
            await self.pause()
        else:
            self._status.works(self.task)
            self._backoff.reset()
            return result
        return None

    async def wait(self, error: Unavailable | UserError) -> None:
        """Report an outage, unless it is known, and return when it is time for the next try."""
        self._is_waiting = True
        self._status.waits(self.task, error, project=self._project)
        stop_if_asked()
        await self.pause()

    async def pause(self) -> None:
        """Return when it is time for the next try."""
        await asyncio.sleep(self._backoff.next())

    def is_over(self) -> None:
        """Report that the task works again."""
        if self._is_waiting:
            self._is_waiting = False
            self._status.works(self.task)
        self._backoff.reset()
