"""A log on Kafka that is gone, or is another one than before, on a real broker."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer

from labelloop.errors import UserError
from labelloop.log.base import LogLost
from labelloop.log.kafka import (
    KafkaLog,
    KafkaSettings,
    create_topic,
    exists,
    ownership,
    read_settings,
    reader,
)
from labelloop.log.kafka import log as kafka_log
from labelloop.log.kafka.records import to_record
from labelloop.observe.service_status import ServiceStatus
from schemas.envelope import Event, new_event
from tests.support.controllers import Batches, running, until
from tests.support.kafka_broker import Broker
from tests.support.logs import number_of, some_event
from tests.support.messages import lines, names, raises_naming
from tests.support.states import project as a_project
from tests.support.topics import delete_topic, make_topic

CREATED = new_event("mail", a_project(), source="tests")


@pytest.fixture
def settings(kafka: str) -> KafkaSettings:
    return a_setting(kafka)


def a_setting(servers: str) -> KafkaSettings:
    url = f"kafka://{servers}/loss-{secrets.token_hex(4)}"
    return read_settings(url, {"LABELLOOP_KAFKA_PARTITIONS": "2"})


async def begun(settings: KafkaSettings, *events: Event) -> None:
    """A log with these events, and somebody who has used it."""
    await create_topic(settings)
    log = KafkaLog(settings)
    await log.append(*events)
    await log.close()


USES: dict[str, Callable[[KafkaLog], Awaitable[object]]] = {}


def use(function: Callable[[KafkaLog], Awaitable[object]]) -> Callable[[KafkaLog], Awaitable[object]]:
    USES[function.__name__] = function
    return function


@use
async def append(log: KafkaLog) -> None:
    await log.append(some_event("p", 2))


@use
async def read(log: KafkaLog) -> None:
    _ = [record async for record in log.read()]


@use
async def own(log: KafkaLog) -> None:
    async with log.own("trainer"):
        pass


@use
async def follow(log: KafkaLog) -> None:
    async with log.follow("mine"):
        pass


@use
async def seek(log: KafkaLog) -> None:
    await log.seek("mine", at_end=True)


@pytest.mark.parametrize("name", USES)
async def test_who_uses_a_log_makes_none(settings: KafkaSettings, name: str) -> None:
    log = KafkaLog(settings)

    with raises_naming(LogLost, settings.topic, "labelloop init"):
        await USES[name](log)

    assert not await exists(settings)
    await log.close()


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("made", [(), (some_event("p", 7),)], ids=["empty", "with other events"])
async def test_a_topic_made_anew_is_not_the_log_that_was_there(
    settings: KafkaSettings, name: str, made: tuple[Event, ...]
) -> None:
    await begun(settings, some_event("p", 1))
    await delete_topic(settings)
    await make_topic(settings, *made)
    log = KafkaLog(settings)

    with raises_naming(LogLost, settings.topic, "put"):
        await USES[name](log)

    await log.close()


async def test_it_is_made_once(settings: KafkaSettings) -> None:
    await begun(settings, some_event("p", 1))
    await create_topic(settings)
    await delete_topic(settings)

    with raises_naming(LogLost, settings.topic, "delete"):
        await create_topic(settings)

    with pytest.raises(LogLost):
        await exists(settings)


async def test_who_used_it_before_the_loss_tells_it_too(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PATIENCE", 2.0)
    await begun(settings)
    log = KafkaLog(settings)
    await read(log)
    await delete_topic(settings)

    with raises_naming(LogLost, settings.topic, "missing"):
        await read(log)

    await log.close()


async def test_what_was_put_back_is_the_log_again(settings: KafkaSettings) -> None:
    first, second = some_event("p", 1), some_event("p", 2)
    await begun(settings, first)
    await delete_topic(settings)
    await make_topic(settings, first, second)
    log = KafkaLog(settings)

    assert [record.event async for record in log.read()] == [first, second]

    await log.close()


async def test_a_service_says_what_is_missing_and_is_ready_only_with_the_log_that_was_there(
    own_broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ownership, "PROBE_INTERVAL", 0.2)
    monkeypatch.setattr(reader, "PATIENCE", 2.0)
    settings = a_setting(own_broker.servers)
    await begun(settings, CREATED)
    status, batches = ServiceStatus("batches"), Batches(count=1)
    log = KafkaLog(settings, session=3.0)
    async with running(log, batches, status):
        await until(lambda: status.health.unreadiness() is None and bool(batches.done))

        await delete_topic(settings)

        await until(lambda: names(status.health.unreadiness(), settings.topic, "missing"))
        await make_topic(settings, some_event("mail", 1))
        await until(lambda: names(status.health.unreadiness(), settings.topic, "first record"))
        await delete_topic(settings)
        await until(lambda: names(status.health.unreadiness(), "missing"))
        await make_topic(settings, CREATED)
        await until(lambda: status.health.unreadiness() is None)
    await log.close()
    assert not lines(caplog, "another owner")
    assert not lines(caplog, "does not answer")


async def test_a_log_that_ends_before_what_was_folded_is_refused(settings: KafkaSettings) -> None:
    await begun(settings, some_event("p", 1), some_event("p", 2))
    log = KafkaLog(settings)
    partition = log.partition_of("p")

    async with log.own("trainer") as owned:
        while True:
            change = await anext(aiter(owned))
            if getattr(change, "partition", None) == partition:
                break
        owned.skip_past(partition, 0)
        with pytest.raises(LogLost):
            owned.skip_past(partition, 1)

    await log.close()


async def test_a_topic_that_the_log_cannot_use_is_a_fault_of_its_settings(settings: KafkaSettings) -> None:
    await create_topic(settings)
    log = KafkaLog(replace(settings, partitions=3))

    with raises_naming(UserError, "LABELLOOP_KAFKA_PARTITIONS=2"):
        await read(log)

    await log.close()


async def test_who_follows_a_log_is_told_when_it_goes(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_log, "IDLE_MS", 200)
    monkeypatch.setattr(kafka_log, "PATIENCE", 2.0)
    await begun(settings, event := some_event("p", 1))
    log = KafkaLog(settings)
    async with log.follow("mine") as following:
        records = aiter(following)
        assert (await anext(records)).event == event

        await delete_topic(settings)

        with raises_naming(LogLost, settings.topic, "missing"):
            await anext(records)
    await log.close()


async def test_the_check_of_a_known_log_and_its_owner_share_one_connection(
    settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(settings, CREATED)
    started: list[bool] = []

    class Counted(AIOKafkaConsumer):  # type: ignore[misc]
        async def start(self) -> None:
            started.append(True)
            await super().start()

    monkeypatch.setattr(reader, "AIOKafkaConsumer", Counted)
    log = KafkaLog(settings)

    async with log.own("x"):
        assert len(started) == 1

    await log.close()


async def test_a_single_record_is_read_on_the_connection_for_offsets(settings: KafkaSettings) -> None:
    events = [some_event("p", number) for number in range(3)]
    await begun(settings, *events)
    ends = reader.EndOffsets(settings)
    partition = KafkaLog(settings).partition_of("p")
    end = (await ends.of(settings.topic, [partition]))[partition]

    async def number_at(offset: int, end: int) -> int | None:
        record = await ends.first_record(settings.topic, partition, offset, end)
        return None if record is None else number_of(to_record(record))

    assert [await number_at(offset, end) for offset in (0, 2, 1)] == [0, 2, 1]
    assert await number_at(1, 1) is None
    assert await number_at(end, end) is None
    await ends.close()
