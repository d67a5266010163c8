"""A group's place in the topic."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError

from labelloop.errors import UserError
from labelloop.log.base import Record
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.reader import COMMITTED, PATIENCE, consuming, position, stopped
from labelloop.log.kafka.records import DuplicateFilter, to_record
from labelloop.log.kafka.settings import KafkaSettings

logger = logging.getLogger(__name__)
# Whoever is stuck stops giving signs of life; who works for an hour on a record is not to lose it.
UNHURRIED = {"max_poll_interval_ms": 24 * 3600 * 1000}
LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class KafkaFollower:
    """Records from the group's committed positions on, shared with its other members."""

    def __init__(self, settings: KafkaSettings, group: str, session: float) -> None:
        self._settings = settings
        self._consumer = AIOKafkaConsumer(
            **{**UNHURRIED, **settings.consumer(session), **COMMITTED}, group_id=settings.group(group)
        )
        self._rebalances = _RebalanceCounter()
        self._consumer.subscribe([settings.topic], listener=self._rebalances)

    async def join(self) -> None:
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                await self._consumer.start()

    async def leave(self) -> None:
        await stopped(self._consumer)

    async def __aiter__(self) -> AsyncIterator[Record]:
        distinct = DuplicateFilter()
        while True:
            with translated(self._settings):
                record = to_record(await self._consumer.getone())
            if distinct.is_new(record):
                yield record

    async def commit(self, record: Record) -> None:
        """All up to and with `record` is handled.

        Where the group has given the partition to another member, that one is sent the record again.
        """
        topic_partition = TopicPartition(self._settings.topic, record.partition)
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                try:
                    await self._consumer.commit({topic_partition: record.offset + 1})
                except LOST as error:
                    logger.info("partition %d is another's now: %s", record.partition, error)

    def partitions(self) -> Collection[int]:
        return {topic_partition.partition for topic_partition in self._consumer.assignment()}

    @property
    def rebalances(self) -> int:
        return self._rebalances.count

    async def lag(self) -> Mapping[int, int]:
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                topic_partitions = self._consumer.assignment()
                ends = await self._consumer.end_offsets(topic_partitions) if topic_partitions else {}
                return {
                    topic_partition.partition: max(0, end - await position(self._consumer, topic_partition))
                    for topic_partition, end in ends.items()
                }


async def commit_offsets(settings: KafkaSettings, group: str, offsets: Mapping[int, int]) -> None:
    """Let a group go on at these offsets. Raises Unavailable, and UserError while it has members."""
    async with consuming(settings, **COMMITTED, group_id=settings.group(group)) as consumer:
        topic_partitions = {
            TopicPartition(settings.topic, partition): offset for partition, offset in offsets.items()
        }
        consumer.assign(list(topic_partitions))
        with translated(settings):
            async with asyncio.timeout(PATIENCE):
                try:
                    await consumer.commit(topic_partitions)
                except LOST as error:
                    raise UserError(
                        f"the group {group} is at work and keeps its place: stop its members first"
                    ) from error


class _RebalanceCounter(ConsumerRebalanceListener):  # type: ignore[misc]
    """Counts them."""

    def __init__(self) -> None:
        self.count = 0

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing is lost yet: what is at work may be done by two."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.count += 1
