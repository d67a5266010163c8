"""CloudEvents attributes around an event's data, their encodings, and the ids derived from what it states."""

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Generic, cast

from msgspec import DecodeError
from msgspec.json import Decoder
from typing_extensions import TypeVar

from schemas.events import EVENTS, EventData
from schemas.model import Fact, Invalid, read, write

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:labelloop:event")
REQUIRED = ("specversion", "id", "source", "type", "subject", "time", "correlationid", "datahash")
_attributes = Decoder(dict[str, str])


class NotAnEvent(ValueError):
    """Attributes or bytes that are not an event's envelope."""


class UnknownType(ValueError):
    """An event of a type that this version does not know."""


class InvalidEvent(ValueError):
    """An event of a known type whose data are invalid or do not match the datahash."""


def event_id(project: str, type_name: str, identity: tuple[Fact, ...]) -> str:
    """The id (a uuid5) of an event, from the fact that it states."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([project, type_name, *identity], ensure_ascii=False)))


def datahash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Payload = TypeVar("Payload", bound=EventData, default=EventData, covariant=True)


@dataclass(frozen=True)
class Event(Generic[Payload]):
    """An event as it was written: its attributes and the bytes of its data, which are never re-serialised.

    For type checkers, `Event[BatchAnnotated]` is an event whose payload is a BatchAnnotated.
    """

    attributes: Mapping[str, str]
    data: bytes
    time: datetime = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not all(map(self.attributes.get, REQUIRED)):
            missing = [name for name in REQUIRED if not self.attributes.get(name)]
            raise NotAnEvent(f"the attributes {', '.join(missing)} are missing")
        try:
            time = datetime.fromisoformat(self.attributes["time"])
        except ValueError as error:
            raise NotAnEvent(f"its time is invalid: {error}") from error
        if time.tzinfo is None:
            raise NotAnEvent("its time has no time zone")
        object.__setattr__(self, "time", time)

    @property
    def id(self) -> str:
        return self.attributes["id"]

    @property
    def type(self) -> str:
        return self.attributes["type"]

    @property
    def name(self) -> str:
        """The type without prefix and version: `BatchQueried`."""
        return event_name(self.type)

    @property
    def source(self) -> str:
        return self.attributes["source"]

    @property
    def project(self) -> str:
        return self.attributes["subject"]

    @property
    def cause(self) -> str | None:
        return self.attributes.get("causationid")

    @property
    def datahash(self) -> str:
        return self.attributes["datahash"]

    @property
    def mustunderstand(self) -> bool:
        return self.attributes.get("mustunderstand") == "true"

    @cached_property
    def payload(self) -> Payload:
        """The data. Raises UnknownType and InvalidEvent."""
        model = EVENTS.get(self.type)
        if model is None:
            raise UnknownType(self.type)
        if datahash(self.data) != self.datahash:
            raise InvalidEvent("its bytes are not those that were written (the datahash does not fit)")
        try:
            return cast(Payload, read(model, self.data))
        except Invalid as error:
            raise InvalidEvent(str(error)) from error


def event_name(type_name: str) -> str:
    """A type of event without prefix and version: `BatchQueried`."""
    return type_name.removeprefix("labelloop.").rpartition(".v")[0] or type_name


def id_instead(skipped: str, skip: str) -> str:
    """The id of an event that restates a skipped event. `skip`: the id of the EventSkipped."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([skipped, skip])))


def new_event(
    project: str, data: EventData, *, source: str, cause: str | None = None, time: datetime | None = None
) -> Event:
    """Create a project's event with `data`. `cause` is the id of the event that made it due.

    Raises schemas.model.Invalid.
    """
    content = write(data)
    type_name = data.type_name()
    attributes = {
        "specversion": "1.0",
        "id": event_id(project, type_name, data.identity()),
        "source": source,
        "type": type_name,
        "subject": project,
        "time": (time or datetime.now(UTC)).isoformat(),
        "datacontenttype": "application/json",
        "correlationid": project,
        "datahash": datahash(content),
        "mustunderstand": "true" if data.mustunderstand else "false",
    }
    if cause is not None:
        attributes["causationid"] = cause
    return Event(attributes, content)


def attributes_to_json(event: Event) -> str:
    return json.dumps(dict(event.attributes), ensure_ascii=False, separators=(",", ":"))


def from_parts(attributes: str | bytes, data: bytes) -> Event:
    """The event with these stored attributes and data. Raises NotAnEvent."""
    try:
        decoded = _attributes.decode(attributes)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEvent(f"its attributes are not a JSON object of strings: {error}") from error
    if not isinstance(data, bytes):
        raise NotAnEvent("its data are not bytes")
    return Event(decoded, data)


def to_structured(event: Event) -> dict[str, Any]:
    """CloudEvents' structured JSON mode, with `data`, or with `data_base64` if the bytes are not JSON."""
    try:
        return {**event.attributes, "data": json.loads(event.data)}
    except ValueError:
        return {**event.attributes, "data_base64": base64.b64encode(event.data).decode()}
