"""The logs that the contract suite runs over. A second kind joins by being added to KINDS."""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from labelloop.log import open_log
from labelloop.log.base import Log, Record
from labelloop.log.kafka import KafkaLog, create_topic, read_settings
from labelloop.log.kafka.settings import SESSION_SECONDS
from labelloop.log.sqlite.log import SqliteLog
from schemas.envelope import Event, new_event
from schemas.events import ProjectPaused

BOOTSTRAP = "LABELLOOP_TEST_KAFKA"


@dataclass(frozen=True)
class Kind:
    """A kind of log. `place` makes a new empty one and names it, so that another process can open it too."""

    place: Callable[[Path], str]
    open: Callable[[str, float], Log]
    spoil: Callable[[str], None]


def _spoil_sqlite(place: str) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute(
            "INSERT INTO events (id, project, attributes, data) VALUES ('x', 'p', '{nope', x'00')"
        )
    connection.close()


def _kafka(place: str, lifetime: float) -> Log:
    # One partition: whoever owns it owns all, as in the other log.
    return kafka_log(place, {"LABELLOOP_KAFKA_PARTITIONS": "1"}, lifetime)


def _spoil_kafka(place: str) -> None:
    async def spoil() -> None:
        settings = read_settings(place, {})
        async with AIOKafkaProducer(bootstrap_servers=list(settings.servers)) as producer:
            await producer.send_and_wait(settings.topic, b"{nope", key=b"p", partition=0)

    elsewhere(spoil())


def ready(log: Log) -> Callable[[], Awaitable[Log]]:
    """The log as those get it who may have to make it first."""

    async def log_that_is_there() -> Log:
        return log

    return log_that_is_there


def elsewhere(work: Coroutine[Any, Any, None]) -> None:
    """Do it in a thread, because that of a test may have a running loop. Raises what it raises."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def kafka_log(url: str, variables: Mapping[str, str], session: float = SESSION_SECONDS) -> KafkaLog:
    """The log on Kafka at that URL. It is made if it is not there."""
    settings = read_settings(url, variables)
    elsewhere(create_topic(settings))
    return KafkaLog(settings, session)


KINDS = {
    "sqlite": Kind(
        place=lambda folder: str(folder / "log.sqlite"),
        open=lambda place, lifetime: SqliteLog(Path(place), lifetime),
        spoil=_spoil_sqlite,
    ),
    "kafka": Kind(
        place=lambda folder: f"kafka://{os.environ[BOOTSTRAP]}/test-{secrets.token_hex(4)}",
        open=_kafka,
        spoil=_spoil_kafka,
    ),
}


async def write_log(path: Path, events: Iterable[Event]) -> None:
    """A SQLite log of these events."""
    log = SqliteLog(path)
    await log.append(*events)
    await log.close()


async def read_log(url: str) -> list[Event]:
    """The events of a log."""
    log = open_log(url)
    try:
        return [record.event async for record in log.read() if record.event is not None]
    finally:
        await log.close()


def some_event(project: str, number: int, why: str = "") -> Event:
    """A small event that is one of many: its id follows from project and number."""
    return new_event(project, ProjectPaused(request=str(number), who="ada", why=why), source="tests")


def number_of(record: Record) -> int:
    """The number of an event that `some_event` made."""
    assert record.event is not None
    return int(record.event.payload.request)  # type: ignore[attr-defined]
