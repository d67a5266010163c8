"""Ownership on Kafka: the partitions that a service's consumer group assigns to this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable
from labelloop.log.base import Arrived, Assigned, Away, Back, Change, Fenced, LogLost, Revoked, StandingBy
from labelloop.log.kafka.errors import away, translated
from labelloop.log.kafka.origin import Origin
from labelloop.log.kafka.reader import COMMITTED, PAGE, EndOffsets, position, stopped
from labelloop.log.kafka.rebalances import Assignment, sticky_assignor
from labelloop.log.kafka.records import to_record
from labelloop.log.kafka.settings import KafkaSettings
from labelloop.log.kafka.topics import is_missing, missing_topic, noticing_loss
from labelloop.log.kafka.writer import Writer
from schemas.envelope import Event

PATIENCE = 30.0
SETTLING = 120.0
PROBE_INTERVAL = 5.0
WAIT_MS = 500
BEHIND_MS = 100


class KafkaOwnership:
    """The partitions that one process owns. Each has a writer that fences older writers.

    `session`: seconds without a heartbeat after which the group takes a member's partitions away.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        service: str,
        session: float,
        partition_of: Callable[[str], int],
        ends: EndOffsets,
        origin: Origin,
    ) -> None:
        self._settings = settings
        self._service = service
        self._partition_of = partition_of
        self._origin = origin
        self._consumer = AIOKafkaConsumer(
            **{**settings.consumer(session), **COMMITTED},
            group_id=settings.group(service),
            partition_assignment_strategy=(sticky_assignor(),),
        )
        self._assignment = Assignment(settings.topic, self._consumer)
        self._ends = ends
        self._writers: dict[int, Writer] = {}
        self._told_partitions: set[int] = set()
        self._goals: dict[int, int] = {}
        self._lag: dict[int, int] = {}
        self._trouble: str | None = None
        self._trouble_told: str | None = None
        self._closed = False
        self._probing: asyncio.Task[None] | None = None

    async def join(self, standing_by: StandingBy) -> None:
        """Join the group and wait for a partition. Raises Unavailable and UserError."""
        with translated(self._settings):
            self._consumer.subscribe([self._settings.topic], listener=self._assignment)
            async with asyncio.timeout(PATIENCE):
                await self._consumer.start()
            self._probing = asyncio.create_task(self._probe())
            while not self._assignment.owned:
                await self._consumer.getmany(timeout_ms=WAIT_MS)
                if self._assignment.settled.is_set():
                    standing_by(self._trouble)
        await self._fence(self._assignment.owned)

    async def leave(self) -> None:
        """Give the partitions back at once."""
        self._closed = True
        if self._probing is not None:
            self._probing.cancel()
        self._told_partitions |= self._assignment.owned
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))
        await stopped(self._consumer)

    def skip_past(self, partition: int, offset: int) -> None:
        end = self._goals[partition]
        if end <= offset + 1:
            raise LogLost(f"partition {partition} of {self._settings.topic} ends at offset {end - 1}")
        self._assignment.seek(partition, offset + 1)

    def lag(self) -> Mapping[int, int]:
        return self._lag

    async def append(self, *events: Event) -> None:
        for project, some in groupby(events, key=lambda event: event.project):
            await self._append(self._partition_of(project), list(some))

    async def _append(self, partition: int, events: Sequence[Event]) -> None:
        try:
            async with asyncio.timeout(SETTLING):
                await self._assignment.settled.wait()
        except TimeoutError:
            raise away(self._settings, "the group does not settle") from None
        writer = self._writers.get(partition)
        if self._closed or writer is None or partition not in self._assignment.owned:
            raise Fenced(f"another process took over partition {partition} of {self._service}")
        async with noticing_loss(self._settings):
            await writer.write(partition, events)

    async def __aiter__(self) -> AsyncIterator[Change]:
        while not self._closed:
            async for change in self._reassigned():
                yield change
            if not self._assignment.owned:
                await self._check_not_lost()
                break
            pages = await self._fetch()
            if self._assignment.changes:
                self._assignment.rewind(pages)
                continue
            if not pages:
                await self._pass_marks()
            async for arrived in self._arrived(pages):
                yield arrived
            if trouble := self._trouble_changed():
                yield trouble
        for partition in sorted(self._told_partitions):
            yield Revoked(partition)

    async def _fetch(self) -> dict[TopicPartition, list[Any]]:
        with translated(self._settings):
            return dict(
                await self._consumer.getmany(
                    timeout_ms=BEHIND_MS if self._goals else WAIT_MS, max_records=PAGE
                )
            )

    async def _pass_marks(self) -> None:
        """Advance past transaction markers, where no records are left to read."""
        with suppress(IllegalStateError):
            for partition in self._told_partitions & self._assignment.owned:
                topic_partition = TopicPartition(self._settings.topic, partition)
                self._assignment.passed(partition, await position(self._consumer, topic_partition))

    async def _reassigned(self) -> AsyncIterator[Change]:
        """The changes of a rebalance: first what was lost, then what is new, after it was fenced."""
        backoff = Backoff()
        while self._assignment.changes:
            owned = set(self._assignment.owned)
            for partition in sorted(self._writers.keys() - owned):
                was_told = partition in self._told_partitions
                await self._forget(partition)
                if was_told:
                    yield Revoked(partition)
            new = sorted(owned - self._told_partitions)
            try:
                await self._fence(new)
            except Unavailable as error:
                self._trouble = str(error)
                if trouble := self._trouble_changed():
                    yield trouble
                await asyncio.sleep(backoff.next())
                continue
            if owned != self._assignment.owned:
                continue
            self._assignment.changes = False
            for partition in new:
                self._told_partitions.add(partition)
                yield Assigned(partition)
                self._assignment.begin(partition)

    async def _fence(self, partitions: Collection[int]) -> None:
        """Fence older owners, then record the end offsets that must be read before any work starts."""
        new = {
            partition: Writer(self._settings, f"{self._settings.group(self._service)}.{partition}")
            for partition in partitions
            if partition not in self._writers
        }
        self._writers |= new
        try:
            await asyncio.gather(*(writer.start() for writer in new.values()))
            self._goals |= await self._ends.of(self._settings.topic, new)
        except BaseException:
            for partition in new:
                await self._forget(partition)
            raise

    async def _arrived(self, pages: Mapping[TopicPartition, Sequence[Any]]) -> AsyncIterator[Change]:
        records_of = {
            topic_partition.partition: records for topic_partition, records in pages.items() if records
        }
        for partition in sorted(records_of.keys() | self._goals.keys()):
            try:
                is_caught_up = await self._is_caught_up(partition)
            except IllegalStateError:  # It has just been given to another.
                continue
            records = [to_record(record) for record in records_of.get(partition, ())]
            if is_caught_up:
                self._goals.pop(partition, None)
            if not records and not is_caught_up:
                continue
            if records:
                self._assignment.check(partition, records[0].offset)
                self._assignment.passed(partition, records[-1].offset + 1)
            yield Arrived(partition, records, is_caught_up)

    async def _is_caught_up(self, partition: int) -> bool:
        goal = self._goals.get(partition)
        topic_partition = TopicPartition(self._settings.topic, partition)
        return not goal or await position(self._consumer, topic_partition) >= goal

    async def _forget(self, partition: int) -> None:
        self._told_partitions.discard(partition)
        self._goals.pop(partition, None)
        self._lag.pop(partition, None)
        writer = self._writers.pop(partition, None)
        if writer is not None:
            await writer.close()

    async def _probe(self) -> None:
        """Check regularly whether the log answers, and update its end offsets."""
        while True:
            await asyncio.sleep(PROBE_INTERVAL)
            partitions = sorted(self._told_partitions)
            try:
                async with noticing_loss(self._settings):
                    ends = await self._ends.of(self._settings.topic, partitions or (0,))
                    await self._origin.check()
            except Exception as error:
                self._trouble = str(error)
            else:
                self._lag = {
                    partition: self._assignment.behind(partition, ends[partition]) for partition in partitions
                }
                self._trouble = None

    async def _check_not_lost(self) -> None:
        """Raises LogLost if nothing is owned because the topic is missing, and not because others own it."""
        if not self._closed and await is_missing(self._settings):
            raise missing_topic(self._settings)

    def _trouble_changed(self) -> Away | Back | None:
        if (self._trouble is None) == (self._trouble_told is None):
            return None
        self._trouble_told = self._trouble
        return Back() if self._trouble is None else Away(self._trouble, self._settings.where)
