"""Events as Kafka records (CloudEvents' binary mode), and a filter for duplicates."""

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
    """The event in a record. Raises NotAnEvent."""
    try:
        attributes = {
            attribute: content.decode() for name, content in headers if (attribute := _attribute(name))
        }
    except (UnicodeDecodeError, AttributeError) as error:
        raise NotAnEvent(f"its headers are not text: {error}") from error
    if value is None:
        raise NotAnEvent("it has no data")
    return Event(attributes, value)


def to_record(kafka_record: Any) -> Record:
    """A consumer's record as a Record. `problem` is set if it has no event, or the key of another project."""
    try:
        event = to_event(kafka_record.headers, kafka_record.value)
        if kafka_record.key != key(event.project):
            raise NotAnEvent("its key is not its subject")
    except NotAnEvent as error:
        return Record(kafka_record.partition, kafka_record.offset, None, str(error))
    return Record(kafka_record.partition, kafka_record.offset, event)


class DuplicateFilter:
    """Recognizes duplicates: events with the id and the data of an earlier one."""

    def __init__(self) -> None:
        self._datahashes: dict[str, str] = {}

    def is_new(self, record: Record) -> bool:
        """False for a duplicate. Conflicting events and records without an event are new."""
        if record.event is None:
            return True
        first = self._datahashes.get(record.event.id)
        if first is None:
            self._datahashes[record.event.id] = record.event.datahash
        return first != record.event.datahash
