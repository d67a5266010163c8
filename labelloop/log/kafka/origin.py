"""The origin of a log: its first record, by which this machine tells the log from a later one of its name."""

import hashlib
import json
import logging
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.config.locations import cache_folder
from labelloop.errors import UserError
from labelloop.log.base import LogLost
from labelloop.log.kafka.reader import EndOffsets, read
from labelloop.log.kafka.settings import KafkaSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FirstRecord:
    """The first record of the lowest partition that had any, and the digest of what it holds."""

    partition: int
    offset: int
    sha256: str


class Origin:
    """A log's first record. It is kept in the cache's folder, so that all processes of a machine know it."""

    def __init__(self, settings: KafkaSettings, ends: EndOffsets) -> None:
        self._settings = settings
        self._ends = ends
        self._first_record: FirstRecord | None = None
        self._is_checked = False

    def recheck(self) -> None:
        """Look again at the next check."""
        self._is_checked = False

    async def check(self) -> None:
        """Check that this is the log that was known, or remember it. Raises LogLost, Unavailable, UserError.

        An empty log is remembered when it has a record.
        """
        if self._is_checked:
            return
        self._first_record = self._first_record or recall(self._settings)
        if self._first_record is None:
            self._first_record = await self._first()
            if self._first_record is not None:
                _remember(self._settings, self._first_record)
        elif not await self._is_there(self._first_record):
            raise LogLost(
                f"the topic {self._settings.topic} in {self._settings.where} is not the log that was there, "
                f"its first record is another: put the log back, or {start_anew(self._settings)}",
                outage=self._settings.where,
            )
        self._is_checked = self._first_record is not None

    async def _first(self) -> FirstRecord | None:
        ends = await self._ends.of(self._settings.topic, range(self._settings.partitions))
        for partition in sorted(partition for partition, end in ends.items() if end):
            record = await self._committed(partition, ends[partition])
            if record is not None:
                return FirstRecord(partition, record.offset, _digest(record))
        return None

    async def _is_there(self, first: FirstRecord) -> bool:
        if first.partition >= self._settings.partitions:
            return False
        end = (await self._ends.of(self._settings.topic, [first.partition]))[first.partition]
        # It was committed when it was remembered, so it need not be read as a committed one again.
        record = await self._ends.first_record(
            self._settings.topic, first.partition, first.offset, min(end, first.offset + 1)
        )
        return record is not None and (record.offset, _digest(record)) == (first.offset, first.sha256)

    async def _committed(self, partition: int, end: int) -> Any:
        """The first committed record before the end."""
        async with aclosing(read(self._settings, self._settings.topic, {partition: end})) as pages:
            async for page in pages:
                if page:
                    return page[0]
        return None


def recall(settings: KafkaSettings) -> FirstRecord | None:
    """The first record that this machine remembers of the log."""
    try:
        return FirstRecord(**json.loads(_path(settings).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, UserError) as error:
        logger.warning("what is known of the log is not read: %s", error)
        return None


def start_anew(settings: KafkaSettings) -> str:
    """What to do if the log that is known is not to come back."""
    return f"delete {_path(settings)} and run `labelloop init` to start anew"


def _remember(settings: KafkaSettings, first: FirstRecord) -> None:
    try:
        path = _path(settings)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write(path, json.dumps(asdict(first)), mode=atomic.THIS_USER, durable=False)
    except (OSError, UserError) as error:
        logger.warning("the first record of the log is not remembered: %s", error)


def _path(settings: KafkaSettings) -> Path:
    name = hashlib.sha256(f"{','.join(settings.servers)}/{settings.topic}".encode()).hexdigest()[:16]
    return cache_folder() / "logs" / f"{name}.json"


def _digest(record: Any) -> str:
    parts: Collection[object] = (record.timestamp, record.key, record.value, *record.headers)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
