"""An event as a Kafka record (CloudEvents' binary mode), and which records the log holds twice."""

from functools import lru_cache
from typing import Any

from labelloop.log.base import Record
from schemas.envelope import Event, NotAnEvent

Headers = list[tuple[str, bytes]]
ATTRIBUTE = "ce_"
CONTENT_TYPE = "content-type"
DATA_CONTENT_TYPE = "datacontenttype"


def to_headers(event: Event) -> Headers:
    """Each attribute as `ce_<name>`, and the data's type as `content-type`."""
    return [
        (CONTENT_TYPE if name == DATA_CONTENT_TYPE else f"{ATTRIBUTE}{name}", str.encode(value))
        for name, value in event.attributes.items()
    ]


def key(project: str) -> bytes:
    return project.encode()


@lru_cache(maxsize=1024)
def _attribute(header: str) -> str | None:
    if header == CONTENT_TYPE:
        return DATA_CONTENT_TYPE
    return header.removeprefix(ATTRIBUTE) if header.startswith(ATTRIBUTE) else None


def to_event(headers: Any, value: bytes | None) -> Event:
    """The event of a record. Raises NotAnEvent."""
    try:
        attributes = {
            attribute: content.decode() for name, content in headers if (attribute := _attribute(name))
        }
    except (UnicodeDecodeError, AttributeError) as error:
        raise NotAnEvent(f"its headers are no text: {error}") from error
    if value is None:
        raise NotAnEvent("it has no data")
    return Event(attributes, value)


def to_record(kafka_record: Any) -> Record:
    """A consumer's record as the log's; one that holds no event, or another project's key, says why."""
    try:
        event = to_event(kafka_record.headers, kafka_record.value)
        if kafka_record.key != key(event.project):
            raise NotAnEvent("its key is not its subject")
    except NotAnEvent as error:
        return Record(kafka_record.partition, kafka_record.offset, None, str(error))
    return Record(kafka_record.partition, kafka_record.offset, event)


class DuplicateFilter:
    """Tells duplicates: events that came before under the same id, with the same data."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def is_new(self, record: Record) -> bool:
        """False for a duplicate; what holds no event is new, and so is a conflict."""
        if record.event is None:
            return True
        first = self._seen.get(record.event.id)
        if first is None:
            self._seen[record.event.id] = record.event.datahash
        return first != record.event.datahash
