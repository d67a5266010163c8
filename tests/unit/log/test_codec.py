"""Events as attributes and bytes, and back."""

import base64
import json

import pytest

from labelloop.log.codec import attributes_to_json, from_parts, to_structured
from schemas.envelope import Event, NotAnEvent
from tests.support.logs import some_event
from tests.support.messages import raises_naming


def test_an_event_comes_back_byte_by_byte() -> None:
    event = some_event("größe", 3, why="so ✓")

    again = from_parts(attributes_to_json(event), event.data)

    assert again == event
    assert again.data == event.data


def test_the_structured_mode_holds_attributes_and_data() -> None:
    event = some_event("p", 3)

    structured = to_structured(event)

    assert structured == {**event.attributes, "data": json.loads(event.data)}


def test_the_structured_mode_keeps_bytes_that_are_no_json() -> None:
    event = Event(some_event("p", 3).attributes, b"\xff\x00")

    assert base64.b64decode(to_structured(event)["data_base64"]) == b"\xff\x00"


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ("{nope", "JSON"),
        ("[]", "JSON"),
        ('{"id": 3}', "JSON"),
        ('{"id": "3"}', "specversion"),
        (b"\xff\xfe", "JSON"),
    ],
)
def test_what_is_no_envelope_says_why(attributes: str | bytes, problem: str) -> None:
    with raises_naming(NotAnEvent, problem):
        from_parts(attributes, b"{}")


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01T00:00:00"])
def test_a_time_that_is_no_point_in_time_is_no_event(time: str) -> None:
    attributes = {**some_event("p", 3).attributes, "time": time}

    with raises_naming(NotAnEvent, "time"):
        from_parts(json.dumps(attributes), b"{}")
