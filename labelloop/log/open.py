"""A log by its URL."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.log.sqlite.log import SqliteLog

SQLITE = "sqlite:///"
KAFKA = "kafka://"


def open_log(url: str) -> Log:
    """The log at `sqlite:///path` or `kafka://host:9092/prefix`.

    Raises UserError for any other URL, for a damaged log and for settings of Kafka that are wrong.
    """
    if url.startswith(SQLITE):
        return SqliteLog(Path(url.removeprefix(SQLITE)))
    if url.startswith(KAFKA):
        # Only who uses Kafka waits for its client to be imported.
        try:
            from labelloop.log.kafka import KafkaLog, read_settings
        except ImportError as error:
            raise UserError(
                f"Kafka needs one more package ({error}): pip install 'labelloop[kafka]'"
            ) from error
        return KafkaLog(read_settings(url))
    raise UserError(
        f"{url} is no log that this version knows: give sqlite:///path/to/log.sqlite or kafka://host:9092/prefix"
    )
