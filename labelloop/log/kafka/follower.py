"""A group's place in the topic."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError

from labelloop.log.base import Record
from labelloop.log.distinct import Distinct
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.reader import COMMITTED, PATIENCE, stopped
from labelloop.log.kafka.records import to_record
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
            settings.topic,
            **{**UNHURRIED, **settings.consumer(session), **COMMITTED},
            group_id=settings.group(group),
        )

    async def join(self) -> None:
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                await self._consumer.start()

    async def leave(self) -> None:
        await stopped(self._consumer)

    async def __aiter__(self) -> AsyncIterator[Record]:
        distinct = Distinct()
        while True:
            with translated(self._settings):
                found = to_record(await self._consumer.getone())
            if distinct.is_new(found):
                yield found

    async def commit(self, record: Record) -> None:
        """All up to and with `record` is handled.

        Where the group has given the partition to another member, that one is sent the record again.
        """
        place = TopicPartition(self._settings.topic, record.partition)
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE):
                try:
                    await self._consumer.commit({place: record.offset + 1})
                except LOST as error:
                    logger.info("partition %d is another's now: %s", record.partition, error)

    def partitions(self) -> Collection[int]:
        return {place.partition for place in self._consumer.assignment()}
