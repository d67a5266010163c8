"""Consumers as users write them, at work on a real log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from labelloop import Consumer, Event, LoopState
from labelloop.backoff import Backoff
from labelloop.consumers.runner import ConsumerHandler
from labelloop.log.base import Log
from labelloop.observe.service_status import ServiceStatus

GROUP = "noting"


class Runs(Protocol):
    """What runs until it is cancelled."""

    async def run(self) -> None: ...


class Noting(Consumer):
    """Notes each event with the number of those that the state knows; `failing`: errors of its next calls."""

    def __init__(self, *failing: Exception) -> None:
        self.failing = list(failing)
        self.noted: list[tuple[str, str, int]] = []

    def handle(self, event: Event, state: LoopState) -> None:
        if self.failing:
            raise self.failing.pop(0)
        self.noted.append((event.project, event.name, state.length))

    @property
    def lengths(self) -> list[int]:
        return [length for _, _, length in self.noted]

    def of(self, project: str) -> list[str]:
        """The names of a project's events."""
        return [name for noted_project, name, _ in self.noted if noted_project == project]


def running(
    log: Log,
    consumer: Consumer,
    group: str = GROUP,
    status: ServiceStatus | None = None,
    project: str | None = None,
) -> ConsumerHandler:
    """The consumer on the log; it waits for little between attempts."""
    backoff = partial(Backoff, 0.01, 0.05)
    return ConsumerHandler(log, consumer, group, status or ServiceStatus(group), project, backoff)


async def once(
    log: Log, consumer: Consumer, group: str = GROUP, project: str | None = None
) -> ConsumerHandler:
    """Let the consumer handle what is there."""
    run = running(log, consumer, group, project=project)
    async with asyncio.timeout(30):
        await run.run(once=True)
    return run


@asynccontextmanager
async def at_work(run: Runs) -> AsyncIterator[None]:
    """While it runs."""
    task = asyncio.create_task(run.run())
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError), ended
