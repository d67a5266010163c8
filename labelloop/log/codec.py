"""CloudEvents encodings of an event: attributes as JSON, and structured mode for people and tools."""

import base64
import json
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder

from schemas.envelope import Event, NotAnEvent

_attributes = Decoder(dict[str, str])


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
