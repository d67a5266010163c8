"""The topic of all groups' dead letters. Each is a copy of the event's record with more headers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from labelloop.log.base import DeadLetter, DeadLetterStatus
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.reader import EndOffsets, read
from labelloop.log.kafka.records import Headers, key, to_headers, to_record
from labelloop.log.kafka.settings import KafkaSettings
from labelloop.log.kafka.topics import LARGEST_EVENT, prepare
from labelloop.log.kafka.writer import PRODUCER

logger = logging.getLogger(__name__)
PARTITION = 0
PATIENCE = 30.0
STOPPING = 5.0
HEADERS = 65536
LARGEST_LETTER = LARGEST_EVENT + HEADERS
GROUP = "dl_group"
ORIGIN = "dl_partition"
OFFSET = "dl_offset"
REASON = "dl_reason"
ATTEMPTS = "dl_attempts"
TIME = "dl_time"
STANDING = "dl_standing"


class KafkaDeadLetters:
    """Dead letters in one partition, so that a letter's latest status comes last.

    Letters are few, so each write opens its own connection.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topic = settings.dead_letters
        self._ends = EndOffsets(settings)
        self._letters: dict[str, DeadLetter] = {}
        self._end = 0
        self._reading = asyncio.Lock()
        self._is_ready = False

    async def put(self, *letters: DeadLetter) -> None:
        await self._ready()
        with translated(self._settings):
            async with asyncio.timeout(PATIENCE), self._producing() as producer:
                sent = [
                    await producer.send(
                        self._topic,
                        letter.event.data,
                        key(letter.event.project),
                        PARTITION,
                        headers=to_letter_headers(letter),
                    )
                    for letter in letters
                ]
                await asyncio.gather(*sent)

    async def read(self) -> Mapping[str, DeadLetter]:
        await self._ready()
        async with self._reading:
            ends = await self._ends.of(self._topic, (PARTITION,))
            async for page in read(self._settings, self._topic, ends, self._end):
                for kafka_record in page:
                    self._end = kafka_record.offset + 1
                    try:
                        letter = to_letter(kafka_record)
                    except NotALetter as error:
                        logger.warning(
                            "%s, offset %d, is not a dead letter: %s", self._topic, kafka_record.offset, error
                        )
                    else:
                        self._letters[letter.id] = letter
        return dict(self._letters)

    async def close(self) -> None:
        await self._ends.close()

    async def _ready(self) -> None:
        if not self._is_ready:
            await prepare(self._settings, self._topic, 1, LARGEST_LETTER)
            self._is_ready = True

    @asynccontextmanager
    async def _producing(self) -> AsyncIterator[AIOKafkaProducer]:
        larger = {"max_request_size": LARGEST_LETTER + HEADERS}
        producer = AIOKafkaProducer(**{**self._settings.producer(), **PRODUCER, **larger})
        try:
            await producer.start()
            yield producer
        finally:
            with suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(STOPPING):
                    await producer.stop()


class NotALetter(ValueError):
    """A record that is not a dead letter, or not one that this version can read."""


def to_letter_headers(letter: DeadLetter) -> Headers:
    """The event's original headers, then the letter's."""
    fields = {
        STANDING: letter.status,
        GROUP: letter.group,
        ORIGIN: str(letter.partition),
        OFFSET: str(letter.offset),
        REASON: letter.reason,
        ATTEMPTS: str(letter.attempts),
        TIME: letter.time.isoformat(),
    }
    return [*to_headers(letter.event), *((name, value.encode()) for name, value in fields.items())]


def to_letter(kafka_record: Any) -> DeadLetter:
    """The dead letter in a consumer's record. Raises NotALetter."""
    record = to_record(kafka_record)
    if record.event is None:
        raise NotALetter(record.problem)
    try:
        fields = {name: value.decode() for name, value in kafka_record.headers if name.startswith("dl_")}
        return DeadLetter(
            fields[GROUP],
            int(fields[ORIGIN]),
            int(fields[OFFSET]),
            record.event,
            fields[REASON],
            int(fields[ATTEMPTS]),
            datetime.fromisoformat(fields[TIME]),
            DeadLetterStatus(fields[STANDING]),
        )
    except KeyError as error:
        raise NotALetter(f"it lacks the header {error}") from error
    except (ValueError, AttributeError) as error:
        raise NotALetter(str(error)) from error
