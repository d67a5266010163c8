"""The log on Kafka."""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka.partitioner import DefaultPartitioner

from labelloop.log.base import Record, StandingBy, unheard
from labelloop.log.collector import collecting_seldom
from labelloop.log.kafka.dead_letters import KafkaDeadLetters
from labelloop.log.kafka.follower import KafkaFollower, commit_offsets
from labelloop.log.kafka.origin import Origin
from labelloop.log.kafka.ownership import KafkaOwnership
from labelloop.log.kafka.reader import EndOffsets, read
from labelloop.log.kafka.records import DuplicateFilter, key, to_record
from labelloop.log.kafka.settings import SESSION_SECONDS, KafkaSettings
from labelloop.log.kafka.topics import check_topic, identity, noticing_loss
from labelloop.log.kafka.writer import Writer, fits
from schemas.envelope import Event


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
    async def follow(self, group: str) -> AsyncIterator[KafkaFollower]:
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
