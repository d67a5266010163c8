"""Read partitions from an offset up to their current end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.settings import SESSION_SECONDS, KafkaSettings

PAGE = 1000
WAIT_MS = 500
PATIENCE = 20.0
STOPPING = 5.0
CONSUMER = {"enable_auto_commit": False, "auto_offset_reset": "earliest"}
# Nothing is fetched while a page is taken apart: by aiokafka's 1 MiB, a long log takes a fifth longer.
EAGER = {"max_partition_fetch_bytes": 2 * 1024 * 1024}
# A new connection knows no topic and waits so long before it asks again, by aiokafka's own default 100 ms.
QUICK = {"retry_backoff_ms": 20}
COMMITTED = {**CONSUMER, "isolation_level": "read_committed"}


class EndOffsets:
    """The current end offsets of partitions, including records that are not committed yet.

    It keeps one connection, on which single records can be read too.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._connecting = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def of(self, topic: str, partitions: Collection[int]) -> dict[int, int]:
        """The offset after the last record of each partition. Raises Unavailable and UserError."""
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                consumer = await self._connection()
                topic_partitions = [TopicPartition(topic, partition) for partition in partitions]
                ends: Mapping[TopicPartition, int] = await consumer.end_offsets(topic_partitions)
                return {topic_partition.partition: end for topic_partition, end in ends.items()}

    async def first_record(self, topic: str, partition: int, start: int, end: int) -> Any:
        """The first record at or after an offset, before `end`, committed or not. None if there is none.

        Raises Unavailable and UserError.
        """
        if end <= start:
            return None
        topic_partition = TopicPartition(topic, partition)
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE), self._reading:
                consumer = await self._connection()
                consumer.assign([topic_partition])
                try:
                    consumer.seek(topic_partition, start)
                    while await position(consumer, topic_partition) < end:
                        pages = await consumer.getmany(timeout_ms=WAIT_MS, max_records=1)
                        if records := pages.get(topic_partition):
                            return records[0] if records[0].offset < end else None
                    return None
                finally:
                    consumer.assign([])  # or it would go on fetching

    async def close(self) -> None:
        if self._consumer is not None:
            await stopped(self._consumer)

    async def _connection(self) -> AIOKafkaConsumer:
        async with self._connecting:
            self._consumer = self._consumer or await self._connected()
            return self._consumer

    async def _connected(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(**{**QUICK, **self._settings.consumer(SESSION_SECONDS), **CONSUMER})
        try:
            await consumer.start()
        except BaseException:
            await stopped(consumer)
            raise
        return consumer


async def read(
    settings: KafkaSettings, topic: str, ends: Mapping[int, int], start: int = 0
) -> AsyncGenerator[Sequence[Any], None]:
    """Pages of each partition's records, from an offset (or the beginning) up to its end."""
    remaining = {TopicPartition(topic, partition): end for partition, end in ends.items() if end > start}
    if not remaining:
        return
    async with consuming(settings, **COMMITTED) as consumer:
        consumer.assign(list(remaining))
        for topic_partition in remaining:
            consumer.seek(topic_partition, start)
        while remaining:
            with translated(settings):
                pages = await consumer.getmany(timeout_ms=WAIT_MS, max_records=PAGE)
            for topic_partition, records in pages.items():
                yield [record for record in records if record.offset < remaining.get(topic_partition, 0)]
            for topic_partition in list(remaining):
                if await position(consumer, topic_partition) >= remaining[topic_partition]:
                    del remaining[topic_partition]
                    consumer.pause(topic_partition)


@asynccontextmanager
async def consuming(settings: KafkaSettings, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer, without a group unless `options` name one. Raises Unavailable and UserError."""
    consumer = AIOKafkaConsumer(**{**EAGER, **settings.consumer(SESSION_SECONDS), **options})
    try:
        with translated(settings):
            async with asyncio.timeout(PATIENCE):
                await consumer.start()
        yield consumer
    finally:
        await stopped(consumer)


async def position(consumer: AIOKafkaConsumer, topic_partition: TopicPartition) -> int:
    """The next offset, after any transaction markers."""
    return int(await consumer.position(topic_partition))


async def stopped(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(STOPPING):
            await consumer.stop()
    except (KafkaError, TimeoutError, OSError):
        pass
    except asyncio.CancelledError:
        # aiokafka passes on the end of a task of its own.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
