"""Follow the topic as a member of a consumer group."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping
from itertools import chain

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Record
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.reader import COMMITTED, PATIENCE, consuming, position, stopped
from labelloop.log.kafka.records import DuplicateFilter, to_record
from labelloop.log.kafka.settings import KafkaSettings
from labelloop.log.kafka.topics import missing_topic, noticing_loss

logger = logging.getLogger(__name__)
# A stuck member misses its heartbeats anyway; one that works on a record for an hour must not lose it.
UNHURRIED = {"max_poll_interval_ms": 24 * 3600 * 1000}
IDLE_MS = 5000
LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class KafkaFollower:
    """Records after the group's committed positions, shared with the other members of the group."""

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
                pages = await self._consumer.getmany(timeout_ms=IDLE_MS, max_records=1)
            if not pages:
                await self._check_topic()
            for record in map(to_record, chain.from_iterable(pages.values())):
                if distinct.is_new(record):
                    yield record

    async def commit(self, record: Record) -> None:
        """Commit: everything up to and including `record` is handled.

        If the group gave the partition to another member, that member gets the record again.
        """
        topic_partition = TopicPartition(self._settings.topic, record.partition)
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                try:
                    await self._consumer.commit({topic_partition: record.offset + 1})
                except LOST as error:
                    logger.info("another member now has partition %d: %s", record.partition, error)

    def partitions(self) -> Collection[int]:
        return {topic_partition.partition for topic_partition in self._consumer.assignment()}

    @property
    def rebalances(self) -> int:
        return self._rebalances.count

    async def lag(self) -> Mapping[int, int]:
        async with noticing_loss(self._settings):
            with translated(self._settings):
                async with asyncio.timeout(PATIENCE):
                    topic_partitions = self._consumer.assignment()
                    ends = await self._consumer.end_offsets(topic_partitions) if topic_partitions else {}
                    return {place.partition: await self._behind(place, end) for place, end in ends.items()}

    async def _behind(self, place: TopicPartition, end: int) -> int:
        return max(0, end - await position(self._consumer, place))

    async def _check_topic(self) -> None:
        """Raises LogLost if Kafka answers that the topic is missing."""
        try:
            with translated(self._settings):
                async with asyncio.timeout(PATIENCE):
                    topics = await self._consumer.topics()
        except Unavailable:
            return
        if self._settings.topic not in topics:
            raise missing_topic(self._settings)


async def commit_offsets(settings: KafkaSettings, group: str, offsets: Mapping[int, int]) -> None:
    """Move a group to these offsets. Raises Unavailable, and UserError while it has members."""
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
                        f"the group {group} is running, so it cannot be moved: stop its members first"
                    ) from error


class _RebalanceCounter(ConsumerRebalanceListener):  # type: ignore[misc]
    """Counts the group's rebalances."""

    def __init__(self) -> None:
        self.count = 0

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Does nothing: work in progress may be done by two members."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.count += 1
