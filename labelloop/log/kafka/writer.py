"""Append to the topic: idempotent batches, and transactions for owners."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from labelloop.errors import UserError
from labelloop.log.base import Fenced
from labelloop.log.kafka.errors import FENCED, away, translated
from labelloop.log.kafka.records import key, to_headers
from labelloop.log.kafka.settings import KafkaSettings
from labelloop.log.kafka.topics import LARGEST_EVENT
from schemas.envelope import Event

PATIENCE = 30.0
STOPPING = 5.0
ATTRIBUTES = 2048  # bytes of an event beside its data, at the most
# One transaction is one request, so waiting for more events gains nothing.
PRODUCER = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 0,
    "max_batch_size": LARGEST_EVENT,
    "max_request_size": LARGEST_EVENT + 65536,
}


class Writer:
    """Writes one batch after the other. Each batch is written completely or not at all.

    With a `transactional_id` each batch is a transaction, and an older writer of that id is fenced.
    """

    def __init__(self, settings: KafkaSettings, transactional_id: str | None = None) -> None:
        self._settings = settings
        self._transactional_id = transactional_id
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()
        self._closed = False
        self._unsure: tuple[Sequence[Event], asyncio.Task[None]] | None = None
        self._came_late: set[str] = set()

    async def start(self) -> None:
        """Connect and fence older writers. Raises Unavailable, UserError, and Fenced if it is closed."""
        async with self._lock:
            await self._start()

    async def write(self, partition: int, events: Sequence[Event]) -> None:
        """Append a batch. Events of an earlier call that timed out but were written are left out.

        Raises Fenced, UserError, and Unavailable, after which the batch may or may not be in the log.
        """
        async with self._lock:
            await self._start()
            if self._unsure is not None:
                given_up = {event.id for event in self._unsure[0]}
                await self._end_unsure()
                self._came_late |= given_up
            new = [event for event in events if event.id not in self._came_late]
            if new:
                self._unsure = (new, asyncio.create_task(self._write(partition, new)))
                await self._end_unsure()

    async def close(self) -> None:
        """Stop writing and abandon a write in progress."""
        self._closed = True
        if self._unsure is not None:
            self._unsure[1].cancel()
            await asyncio.wait({self._unsure[1]}, timeout=STOPPING)
        if self._producer is not None:
            await _stopped(self._producer)

    async def _start(self) -> None:
        if self._closed:
            raise Fenced(f"{self._transactional_id} is closed")
        if self._producer is not None:
            return
        producer = AIOKafkaProducer(
            **{**self._settings.producer(), **PRODUCER, "transactional_id": self._transactional_id}
        )
        try:
            with translated(self._settings):
                async with asyncio.timeout(PATIENCE):
                    await producer.start()
            if self._closed:
                raise Fenced(f"{self._transactional_id} is closed")
        except BaseException:
            await _stopped(producer)
            raise
        self._producer = producer

    async def _end_unsure(self) -> None:
        """Wait for a write in progress, also for one that an earlier call stopped waiting for."""
        if self._unsure is None:
            return
        done, _ = await asyncio.wait({self._unsure[1]}, timeout=PATIENCE)
        if not done:
            raise away(self._settings, f"no answer within {PATIENCE:.0f} s")
        task, self._unsure = self._unsure[1], None
        if task.cancelled():
            raise Fenced(f"{self._transactional_id} is closed")
        try:
            with translated(self._settings):
                try:
                    task.result()
                except FENCED as error:
                    raise Fenced(f"{self._transactional_id} has another owner") from error
        except Exception:
            if self._transactional_id is None and self._producer is not None:
                await _stopped(self._producer)
                self._producer = None
            raise

    async def _write(self, partition: int, events: Sequence[Event]) -> None:
        assert self._producer is not None
        if self._transactional_id is None:
            await self._send(self._producer, partition, events)
            return
        async with self._producer.transaction():
            await self._send(self._producer, partition, events)

    async def _send(self, producer: AIOKafkaProducer, partition: int, events: Sequence[Event]) -> None:
        batch = producer.create_batch()
        for event in events:
            if _add(batch, event):
                continue
            # Without a transaction, only some of several batches might be written.
            if self._transactional_id is not None and batch.record_count():
                await self._flush(producer, partition, batch)
                batch = producer.create_batch()
                if _add(batch, event):
                    continue
            raise UserError(
                f"{len(events)} events of {event.project} have more than {LARGEST_EVENT:,} bytes: "
                "use smaller batches"
            )
        await self._flush(producer, partition, batch)

    async def _flush(self, producer: AIOKafkaProducer, partition: int, batch: Any) -> None:
        batch.close()
        sent = await producer.send_batch(batch, self._settings.topic, partition=partition)
        await sent


def fits(events: Sequence[Event]) -> bool:
    """Whether the events certainly fit into one batch. A single event always does."""
    size = sum(len(event.data) + ATTRIBUTES for event in events)
    return len(events) == 1 or size < LARGEST_EVENT


def _add(batch: object, event: Event) -> bool:
    timestamp = round(event.time.timestamp() * 1000)
    added = batch.append(  # type: ignore[attr-defined]
        timestamp=timestamp, key=key(event.project), value=event.data, headers=to_headers(event)
    )
    return added is not None


async def _stopped(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOPPING):
            await producer.stop()
