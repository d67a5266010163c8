"""The logs that come with labelloop. Each one's packages are imported only when it is used."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.open import LogPlugin

if TYPE_CHECKING:
    from labelloop.log.kafka import KafkaSettings
    from labelloop.log.kafka.topic_reader import TopicReader

SQLITE_ADDRESS = "sqlite:///"
KAFKA_MISSING = "Kafka needs one more package ({}): pip install 'labelloop[kafka]'"


def sqlite_logs(name: str, path: Callable[[str], Path], address: str) -> LogPlugin:
    """A plugin for logs that are SQLite files.

    `path` is the file of a URL; it raises UserError for a URL that names none. `address`: an example URL.
    """

    def open_log(url: str) -> Log:
        from labelloop.log.sqlite.log import SqliteLog

        file = path(url)
        if not _holds_a_log(file):
            raise UserError(
                f"the log {file} is missing: check --log, put back a copy, or make one with `labelloop init`"
            )
        return SqliteLog(file)

    async def exists(url: str) -> bool:
        return _holds_a_log(path(url))

    async def create(url: str) -> None:
        from labelloop.log.sqlite.log import SqliteLog

        file = path(url)
        if not _holds_a_log(file):
            await SqliteLog(file).close()

    return LogPlugin(name, open_log, address, exists, create)


def _holds_a_log(file: Path) -> bool:
    """Whether there is a log in the file. An empty file is what is left of one, or not one yet."""
    return file.exists() and file.stat().st_size > 0


def _path(url: str) -> Path:
    if not url.startswith(SQLITE_ADDRESS):
        raise UserError(f"{url} does not name a file: give {SQLITE.address}")
    return Path(url.removeprefix(SQLITE_ADDRESS))


def _open_kafka(url: str) -> Log:
    settings = _kafka_settings(url)
    from labelloop.log.kafka import KafkaLog

    return KafkaLog(settings)


async def _kafka_exists(url: str) -> bool:
    settings = _kafka_settings(url)
    from labelloop.log.kafka import exists

    return await exists(settings)


async def _create_kafka(url: str) -> None:
    settings = _kafka_settings(url)
    from labelloop.log.kafka import create_topic

    await create_topic(settings)


def _kafka_settings(url: str) -> "KafkaSettings":
    try:
        from labelloop.log.kafka import read_settings
    except ImportError as error:
        raise UserError(KAFKA_MISSING.format(error)) from error
    return read_settings(url)


def topic_reader(named: str, log: str) -> "TopicReader":
    """A reader of a topic of texts, by its address or, on the log's own cluster, by its name.

    Raises UserError.
    """
    try:
        from labelloop.log.kafka.topic_reader import TopicReader, address_of
    except ImportError as error:
        raise UserError(KAFKA_MISSING.format(error)) from error
    return TopicReader(*address_of(named, log))


SQLITE = sqlite_logs("sqlite", _path, "sqlite:///path/to/log.sqlite")
KAFKA = LogPlugin(
    "kafka", _open_kafka, "kafka://host:9092/prefix", _kafka_exists, _create_kafka, extra="kafka"
)
