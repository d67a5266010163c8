"""Read a topic of other programs from given offsets on, without a group: nothing is committed in Kafka."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import OffsetOutOfRangeError

from labelloop.errors import Unavailable, UserError
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.reader import COMMITTED, WAIT_MS, consuming, position
from labelloop.log.kafka.settings import SCHEME, KafkaSettings, read_settings
from labelloop.log.kafka.topics import reach

EXAMPLE = f"{SCHEME}host:9092/mail.incoming"
LOOK_AGAIN = 20.0
"""Seconds after which it asks whether the topic is still there, and has more partitions."""
PATIENCE = 10.0
"""Seconds for an answer of Kafka. Whoever waits for texts is told soon, and it is asked again."""
READING = {**COMMITTED, "auto_offset_reset": "none"}


@dataclass(frozen=True)
class Gone:
    """Messages that the topic deleted before they were read: from an offset to before another."""

    partition: int
    first: int
    end: int


def address_of(named: str, log: str) -> tuple[KafkaSettings, str]:
    """The cluster and the name of a topic, given by its address or, on the log's own cluster, by its name.

    Raises UserError.
    """
    servers, _, topic = named.removeprefix(SCHEME).partition("/")
    if not named.startswith(SCHEME):
        servers, topic = log.removeprefix(SCHEME).partition("/")[0], named
        if not log.startswith(SCHEME):
            raise UserError(
                f"the topic {named!r} has no address, and the log is not on Kafka: give {EXAMPLE}"
            )
    if not topic.strip("/"):
        raise UserError(f"{named!r} names no topic: give {EXAMPLE}")
    settings = read_settings(f"{SCHEME}{servers}/{topic}")
    return settings, settings.prefix


def begin_at(read: int, oldest: int, end: int) -> int:
    """The offset at which a partition is read on, of which all before `read` was read. Raises ValueError.

    A partition that ends before that is another one.
    """
    if read > end:
        raise ValueError(f"it ends at offset {end}, and was read up to {read}")
    return max(read, oldest)


class TopicReader:
    """The messages of a topic's partitions, each in order.

    `begun`: the offsets at which they were begun to be read; `positions`: those at which they are read on.
    After Unavailable it can be opened again, and goes on where it was.
    """

    def __init__(self, settings: KafkaSettings, topic: str) -> None:
        self.topic = topic
        self.cluster = ""
        self.partitions = 0
        self.begun: dict[int, int] = {}
        self.positions: dict[int, int] = {}
        self._settings = settings
        self._opened = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._looked = 0.0

    async def look(self) -> None:
        """See which cluster it is, and how many partitions the topic has. It is not created.

        Raises UserError if there is no such topic, and Unavailable, also if it was there before.
        """
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                await reach(self._settings)
                admin = AIOKafkaAdminClient(**self._settings.client())
                await admin.start()
                try:
                    self.cluster = str((await admin.describe_cluster())["cluster_id"] or "")
                    # The request for all topics, unlike that for one, never makes a broker create it.
                    described = await admin.describe_topics()
                finally:
                    await admin.close()
        topics = {each["topic"]: len(each["partitions"]) for each in described}
        if self.topic not in topics:
            missing = (
                f"{self._settings.where} has no topic {self.topic!r}, or does not show it to this client: "
                "check its name, or create it"
            )
            raise Unavailable(missing) if self.positions else UserError(missing)
        self.partitions = topics[self.topic]
        self._looked = time.monotonic()

    async def open(self, read: Sequence[int] = (), newest: bool = False) -> list[Gone]:
        """Begin, or go on at `positions` where there are some; returns what is gone.

        `read`: the offsets at which partitions are read on. Others are read from their beginning (`newest`:
        from their end, unless there are more of them than before). Raises Unavailable and UserError.
        """
        await self.close()
        await self.look()
        self._consumer = await self._opened.enter_async_context(consuming(self._settings, **READING))
        oldest, ends = await self._bounds(range(self.partitions))
        positions = dict(enumerate(read[: self.partitions])) | self.positions
        first = ends if newest and not positions else oldest
        self.positions = {
            partition: self._begin_at(partition, positions.get(partition, first[partition]), oldest, ends)
            for partition in range(self.partitions)
        }
        self.begun = {**self.positions, **self.begun}
        self._assign()
        return [
            Gone(partition, before, self.positions[partition])
            for partition, before in sorted(positions.items())
            if before < self.positions[partition]
        ]

    async def ends(self) -> dict[int, int]:
        """The offsets after the last messages that were committed. Raises Unavailable."""
        return (await self._bounds(range(self.partitions)))[1]

    async def read(self) -> tuple[Sequence[Any], Sequence[Gone]]:
        """The messages that are there, or that come soon; and what is gone. Raises Unavailable and UserError.

        Further partitions are read as soon as they are seen.
        """
        assert self._consumer is not None
        if time.monotonic() - self._looked > LOOK_AGAIN:
            await self._look_again()
        with translated(self._settings):
            try:
                pages = await self._consumer.getmany(timeout_ms=WAIT_MS)
            except OffsetOutOfRangeError as error:
                return (), await self._after_gap(error)
        messages = [record for page in pages.values() for record in page]
        for record in messages:
            self.positions[record.partition] = record.offset + 1
        return messages, ()

    async def is_past(self, ends: Mapping[int, int]) -> bool:
        """Whether all before these offsets was read. The last ones may be marks, which are no messages."""
        assert self._consumer is not None
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                for partition, end in ends.items():
                    topic_partition = TopicPartition(self.topic, partition)
                    if (
                        self.positions[partition] < end
                        and await position(self._consumer, topic_partition) < end
                    ):
                        return False
        return True

    async def close(self) -> None:
        self._consumer = None
        await self._opened.aclose()

    async def _look_again(self) -> None:
        before = self.partitions
        await self.look()
        if self.partitions > before:
            oldest, _ = await self._bounds(range(before, self.partitions))
            self.positions |= oldest
            self.begun |= oldest
            self._assign()

    def _assign(self) -> None:
        assert self._consumer is not None
        topic_partitions = {each: TopicPartition(self.topic, each) for each in range(self.partitions)}
        self._consumer.assign(list(topic_partitions.values()))
        for partition, topic_partition in topic_partitions.items():
            self._consumer.seek(topic_partition, self.positions[partition])

    async def _bounds(self, partitions: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
        """The oldest offset of each partition, and its end."""
        assert self._consumer is not None
        topic_partitions = [TopicPartition(self.topic, partition) for partition in partitions]
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                oldest = await self._consumer.beginning_offsets(topic_partitions)
                ends = await self._consumer.end_offsets(topic_partitions)
        return (
            {each.partition: oldest[each] for each in topic_partitions},
            {each.partition: ends[each] for each in topic_partitions},
        )

    async def _after_gap(self, error: OffsetOutOfRangeError) -> list[Gone]:
        """Go on with the oldest messages that there are."""
        before, lost = dict(self.positions), [each.partition for each in error.args[0]]
        oldest, ends = await self._bounds(lost)
        for partition in lost:
            self.positions[partition] = self._begin_at(partition, before[partition], oldest, ends)
        self._assign()
        return [Gone(partition, before[partition], self.positions[partition]) for partition in lost]

    def _begin_at(self, partition: int, read: int, oldest: Mapping[int, int], ends: Mapping[int, int]) -> int:
        try:
            return begin_at(read, oldest[partition], ends[partition])
        except ValueError as error:
            raise UserError(
                f"{self.topic}, partition {partition}: {error}: the topic was made anew; `--from oldest` "
                "reads it from its beginning, and leaves out the texts that the project has"
            ) from None
