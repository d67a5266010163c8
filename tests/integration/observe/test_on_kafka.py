"""Whether a service counts as ready, on a Kafka that comes and goes."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from labelloop.log.kafka import ownership, reader
from labelloop.observe.service_status import ServiceStatus
from tests.support.controllers import Batches, running, until
from tests.support.kafka_broker import Broker
from tests.support.logs import kafka_log
from tests.support.messages import names

PARTITIONS = {"LABELLOOP_KAFKA_PARTITIONS": "2"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage is noticed in a second or two."""
    monkeypatch.setattr(ownership, "PROBE_INTERVAL", 0.2)
    monkeypatch.setattr(reader, "PATIENCE", 1.0)


@asynccontextmanager
async def a_service(url: str) -> AsyncIterator[ServiceStatus]:
    seen = ServiceStatus("batches")
    log = kafka_log(url, PARTITIONS, 3.0)
    async with running(log, Batches(), seen):
        yield seen
    await log.close()


def is_ready(seen: ServiceStatus) -> Callable[[], bool]:
    return lambda: seen.health.unreadiness() is None


@pytest.mark.all_cells
async def test_owners_and_who_stands_by_are_ready_while_the_log_answers(own_broker: Broker) -> None:
    url = f"kafka://{own_broker.servers}/ready-{secrets.token_hex(4)}"
    async with a_service(url) as first, a_service(url) as second, a_service(url) as third:
        everyone = (first, second, third)  # two partitions: one of them stands by
        for seen in everyone:
            await until(is_ready(seen))

        own_broker.kill()

        for seen in everyone:
            await until(lambda s=seen: names(s.health.unreadiness(), own_broker.servers))  # type: ignore[misc]
            assert seen.health.sickness() is None

        own_broker.start()

        for seen in everyone:
            await until(is_ready(seen))
