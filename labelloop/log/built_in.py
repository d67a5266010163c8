"""The logs that come with labelloop. Each one's packages are imported only when it is used."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.open import LogPlugin

SQLITE_ADDRESS = "sqlite:///"
KAFKA_MISSING = "Kafka needs one more package ({}): pip install 'labelloop[kafka]'"


def _open_sqlite(url: str) -> Log:
    from labelloop.log.sqlite.log import SqliteLog

    if not url.startswith(SQLITE_ADDRESS):
        raise UserError(f"{url} does not name a file: give {SQLITE.address}")
    return SqliteLog(Path(url.removeprefix(SQLITE_ADDRESS)))


def _open_kafka(url: str) -> Log:
    try:
        from labelloop.log.kafka import KafkaLog, read_settings
    except ImportError as error:
        raise UserError(KAFKA_MISSING.format(error)) from error
    return KafkaLog(read_settings(url))


async def _kafka_exists(url: str) -> bool:
    try:
        from labelloop.log.kafka import has_topic, read_settings
    except ImportError as error:
        raise UserError(KAFKA_MISSING.format(error)) from error
    return await has_topic(read_settings(url))


SQLITE = LogPlugin("sqlite", _open_sqlite, "sqlite:///path/to/log.sqlite")
KAFKA = LogPlugin("kafka", _open_kafka, "kafka://host:9092/prefix", _kafka_exists, extra="kafka")
