"""A poll that comes before its time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime.controller import Polled
from tests.support.controllers import Batches, running, until, until_state
from tests.support.states import PROJECT

Wake = Callable[[str], Awaitable[None]]
FOR_EVER = 10_000.0


@dataclass
class Woken(Batches):
    """Polls hardly ever by itself; `wakes` has the ids of projects to wake, and an error to fail with."""

    wakes: "asyncio.Queue[str | Exception]" = field(default_factory=asyncio.Queue)

    async def keep_waking(self, wake: Wake) -> None:
        while True:
            told = await self.wakes.get()
            if isinstance(told, Exception):
                raise told
            await wake(told)


def seldom(state: LoopState) -> Polled:
    return Polled(again_in=FOR_EVER)


async def test_who_is_woken_polls_at_once(log: SqliteLog, status: ServiceStatus) -> None:
    service = Woken(count=0, look=seldom)

    async with running(log, service, status):
        for polls in range(1, 4):
            await until(lambda polls=polls: service.polls == polls)  # type: ignore[misc]
            await service.wakes.put("nobody-0000")
            await service.wakes.put(PROJECT)


async def test_who_is_woken_while_polling_polls_once_more(log: SqliteLog, status: ServiceStatus) -> None:
    service = Woken(count=0)

    def look(state: LoopState) -> Polled:
        if service.polls == 1:
            for _ in range(5):
                service.wakes.put_nowait(PROJECT)
        return Polled(again_in=FOR_EVER)

    service.look = look

    async with running(log, service, status):
        await until(lambda: service.polls >= 2)


async def test_nothing_is_done_twice_because_of_it(log: SqliteLog, status: ServiceStatus) -> None:
    service = Woken(count=2, look=seldom)

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 2)
        before = service.polls
        await service.wakes.put(PROJECT)
        await until(lambda: service.polls > before)

    assert service.done == ["0", "1"]


async def test_what_wakes_may_fail_and_polls_come_in_any_case(
    log: SqliteLog, status: ServiceStatus, caplog: pytest.LogCaptureFixture
) -> None:
    service = Woken(count=0, look=lambda state: Polled(again_in=0.01))

    async with running(log, service, status) as task:
        await service.wakes.put(RuntimeError("out of order"))
        await until(lambda: any(record.levelno == logging.ERROR for record in caplog.records))
        polls = service.polls
        await until(lambda: service.polls > polls + 2)
        assert not task.done()
