"""What a real Kafka takes late, after a writer gave up waiting, is not written again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from labelloop.errors import Unavailable
from labelloop.log.kafka import writer
from tests.support.kafka_broker import Broker
from tests.support.kafka_view import events_in, repeated
from tests.support.logs import kafka_log, some_event
from tests.support.matrices import in_all_cells
from tests.support.messages import raises_naming

Append = Callable[..., Awaitable[None]]


@pytest.fixture
def url(own_broker: Broker) -> str:
    return f"kafka://{own_broker.servers}/late"


@pytest.fixture(params=["an owner", in_all_cells("anyone")])
async def append(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Append]:
    log = kafka_log(url, {})
    async with log.own("trainer") as ownership:
        yield ownership.append if request.param == "an owner" else log.append
    await log.close()


@pytest.mark.all_cells
async def test_a_fact_that_comes_late_is_not_stated_twice(
    append: Append, url: str, own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(some_event("a", 0))
    monkeypatch.setattr(writer, "PATIENCE", 0.5)
    own_broker.freeze()
    for _ in range(2):
        with raises_naming(Unavailable, own_broker.servers):
            await append(some_event("a", 1))

    own_broker.wake()
    monkeypatch.undo()
    await append(some_event("a", 2))
    await append(some_event("a", 1), some_event("a", 3))

    found = await asyncio.to_thread(events_in, url)
    assert [event.payload.request for event in found] == ["0", "1", "2", "3"]  # type: ignore[attr-defined]
    assert repeated(found) == []
