"""The log on Kafka: append, follow, own and read."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError
from aiokafka.partitioner import DefaultPartitioner

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Record, StandingBy, unheard
from labelloop.log.calm_collector import collecting_seldom
from labelloop.log.kafka.dead_letters import KafkaDeadLetters
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.origin import Origin
from labelloop.log.kafka.ownership import KafkaOwnership
from labelloop.log.kafka.reader import COMMITTED, PATIENCE, EndOffsets, consuming, position, read, stopped
from labelloop.log.kafka.records import DuplicateFilter, key, to_record
from labelloop.log.kafka.settings import SESSION_SECONDS, KafkaSettings
from labelloop.log.kafka.topics import check_topic, identity, missing_topic, noticing_loss
from labelloop.log.kafka.writer import Writer, fits
from schemas.envelope import Event

logger = logging.getLogger(__name__)
# A stuck member misses its heartbeats anyway; one that works on a record for an hour must not lose it.
UNHURRIED = {"max_poll_interval_ms": 24 * 3600 * 1000}
IDLE_MS = 5000
LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class KafkaLog:
    """One topic, keyed by project. It connects to Kafka on first use, and makes no topic.

    `session`: seconds without a heartbeat after which an owner is replaced.
    """

    def __init__(self, settings: KafkaSettings, session: float = SESSION_SECONDS) -> None:
        self.dead_letters = KafkaDeadLetters(settings)
        self._settings = settings
        self._session = session
        self._writer = Writer(settings)
        self._ends = EndOffsets(settings)
        self._origin = Origin(settings, self._ends)
        self._identity: str | None = None
        self._is_ready = False

    async def identity(self) -> str:
        await self._ready()
        if self._identity is None:
            self._identity = await identity(self._settings)
        return self._identity

    async def append(self, *events: Event, fence: bool = False) -> None:
        await self._ready()
        batches: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            batches[self.partition_of(event.project)].append(event)
        async with noticing_loss(self._settings):
            for partition, batch in batches.items():
                if fits(batch):
                    await self._writer.write(partition, batch)
                else:
                    await self._append_in_parts(partition, batch)
            await self._origin.check()

    @asynccontextmanager
    async def own(self, service: str, standing_by: StandingBy = unheard) -> AsyncIterator[KafkaOwnership]:
        await self._ready_again()
        ownership = KafkaOwnership(
            self._settings, service, self._session, self.partition_of, self._ends, self._origin
        )
        try:
            await ownership.join(standing_by)
            yield ownership
        finally:
            await ownership.leave()

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator["KafkaFollower"]:
        await self._ready_again()
        follower = KafkaFollower(self._settings, group, self._session)
        try:
            await follower.join()
            yield follower
        finally:
            await follower.leave()

    async def seek(self, group: str, at_end: bool) -> None:
        await self._ready()
        topic, everywhere = self._settings.topic, range(self._settings.partitions)
        ends = await self._ends.of(topic, everywhere) if at_end else dict.fromkeys(everywhere, 0)
        await commit_offsets(self._settings, group, ends)

    async def read(self, project: str | None = None) -> AsyncGenerator[Record, None]:
        await self._ready()
        everywhere = range(self._settings.partitions)
        partitions = everywhere if project is None else (self.partition_of(project),)
        async with noticing_loss(self._settings):
            ends = await self._ends.of(self._settings.topic, partitions)
        distinct = DuplicateFilter()
        with collecting_seldom():
            async for page in read(self._settings, self._settings.topic, ends):
                for record in map(to_record, page):
                    if (project is None or _is_of(project, record)) and distinct.is_new(record):
                        yield record

    async def close(self) -> None:
        await self._writer.close()
        await self._ends.close()
        await self.dead_letters.close()

    async def _append_in_parts(self, partition: int, events: Sequence[Event]) -> None:
        """Append more than one batch, in a transaction. It ends an unfinished one of the same project."""
        writer = Writer(self._settings, f"{self._settings.group('append')}.{events[0].project}")
        try:
            await writer.write(partition, events)
        finally:
            await writer.close()

    def partition_of(self, project: str) -> int:
        """The partition of a project, computed from the key like in Kafka's own clients."""
        everywhere = list(range(self._settings.partitions))
        return int(DefaultPartitioner()(key(project), everywhere, everywhere))

    async def _ready(self) -> None:
        """Check the topic on first use. Raises LogLost, Unavailable and UserError."""
        if not self._is_ready:
            await check_topic(self._settings)
            await self._origin.check()
            self._is_ready = True

    async def _ready_again(self) -> None:
        """Check the topic also if it was checked: it may have been lost since."""
        self._is_ready = False
        self._origin.recheck()
        await self._ready()


def _is_of(project: str, record: Record) -> bool:
    return record.event is not None and record.event.project == project


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
                    return {each.partition: await self._behind(each, end) for each, end in ends.items()}

    async def _behind(self, topic_partition: TopicPartition, end: int) -> int:
        return max(0, end - await position(self._consumer, topic_partition))

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
