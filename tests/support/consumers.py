"""Consumers for tests of the delivery: they do what they are told, on a real log."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from labelloop.backoff import Backoff
from labelloop.consumers import delivery
from labelloop.consumers.delivery import Delivery, Handler
from labelloop.log.base import DeadLetter, Log, Record
from labelloop.observe.service_status import ServiceStatus
from tests.support.controllers import PATIENCE
from tests.support.logs import number_of
from tests.support.plugged import at_work

GROUP = "alerting"


@dataclass
class Consumer(Handler):
    """Handles events of `some_event` by their numbers; `failing`: the errors of a number's next calls."""

    failing: Mapping[int, list[Any]] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)
    handled: list[int] = field(default_factory=list)

    async def handle(self, record: Record) -> bool:
        number = number_of(record)
        self.calls.append(number)
        if errors := self.failing.get(number):
            raise errors.pop(0)
        self.handled.append(number)
        return True

    @property
    def counts(self) -> Counter[int]:
        return Counter(self.calls)


def odd(times: int) -> list[Exception]:
    """So many errors."""
    return [ValueError("it is odd") for _ in range(times)]


@asynccontextmanager
async def delivering(
    log: Log, consumer: Consumer, group: str = GROUP, status: ServiceStatus | None = None, attempts: int = 3
) -> AsyncIterator[None]:
    """The consumer at work on the log; it waits for little between attempts, and between looks at letters."""
    backoff = partial(Backoff, 0.01, 0.05)
    work = Delivery(log, group, consumer, status or ServiceStatus(group), attempts, backoff)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "LOOK_INTERVAL", 0.1)
        async with at_work(work):
            yield


async def until_letters(log: Log, hold: Callable[[list[DeadLetter]], bool]) -> list[DeadLetter]:
    """The dead letters of the log, once this holds of them."""
    async with asyncio.timeout(PATIENCE):
        while not hold(letters := list((await log.dead_letters.read()).values())):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return letters
