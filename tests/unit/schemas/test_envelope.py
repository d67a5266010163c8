"""Events around their data: ids, hashes, strict writing, tolerant reading."""

import base64
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import (
    Event,
    InvalidEvent,
    NotAnEvent,
    UnknownType,
    attributes_to_json,
    datahash,
    from_parts,
    new_event,
    to_structured,
)
from schemas.events import (
    BatchAnnotated,
    BatchQueried,
    EventData,
    ModelLost,
    ModelTrained,
    ProjectCreated,
    ServiceFailed,
)
from schemas.model import Invalid, replaced
from schemas.parts import AnnotatedItem, Choice, QueriedItem
from tests.support.logs import some_event
from tests.support.loops import project
from tests.support.messages import raises_naming

LOST = ModelLost(model="1", attempt=0, reason="gone")
TRAINED: dict[str, Any] = {
    "model": "1",
    "attempt": 0,
    "learned": {"0": 0},
    "digest": "d",
    "labels": 3,
    "artifact": "a",
    "sha256": "s",
    "seconds": 1.0,
    "device": "cpu",
    "threads": 1,
    "seed": 0,
}


def batch(*items: QueriedItem) -> BatchQueried:
    return BatchQueried(batch="0", items=items, seed=0, pool_version="v", seconds=0.1)


def rewritten(event: Event, **changes: Any) -> Event:
    """The event as another version might have written it. A change to None takes the field away."""
    content = {**json.loads(event.data), **changes}
    data = json.dumps({key: value for key, value in content.items() if value is not None}).encode()
    return Event({**event.attributes, "datahash": datahash(data)}, data)


def test_the_same_fact_has_the_same_id_whoever_says_it_when() -> None:
    one = new_event("p", LOST, source="querier", time=datetime(2026, 1, 1, tzinfo=UTC))
    other = new_event("p", ModelLost(model="1", attempt=0, reason="damaged"), source="trainer", cause="x")

    assert one.id == other.id
    assert one.datahash != other.datahash


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("q", LOST),
        ("p", ModelLost(model="2", attempt=0, reason="gone")),
        ("p", ModelLost(model="1", attempt=1, reason="gone")),
        ("p", ModelTrained(**TRAINED)),
    ],
)
def test_another_fact_has_another_id(name: str, data: EventData) -> None:
    assert new_event(name, data, source="s").id != new_event("p", LOST, source="s").id


def test_names_that_run_together_are_told_apart() -> None:
    one = ServiceFailed(service="a", due="b1", kind="", error="", attempt=1)
    other = ServiceFailed(service="ab", due="1", kind="", error="", attempt=1)

    assert new_event("p", one, source="s").id != new_event("p", other, source="s").id


def test_the_attributes_say_what_the_event_is() -> None:
    time = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    event = new_event("p", LOST, source="querier", cause="c", time=time)

    assert (event.project, event.source, event.cause, event.time) == ("p", "querier", "c", time)
    assert (event.type, event.name, event.mustunderstand) == ("labelloop.ModelLost.v1", "ModelLost", True)
    assert event.datahash == datahash(event.data)
    assert event.payload == LOST


def test_unknown_fields_are_read_at_any_depth() -> None:
    item = {
        "item": 3,
        "labels": ["spam"],
        "mood": "good",
        "votes": [{"username": "a", "status": "submitted", "x": 1}],
    }
    event = new_event("p", BatchAnnotated(batch="0", revision=0, items=()), source="s")

    payload = rewritten(event, items=[item], colour="blue").payload

    assert isinstance(payload, BatchAnnotated)
    assert payload.items[0].labels == ("spam",)
    assert payload.items[0].votes[0].username == "a"


def test_unknown_fields_are_not_written() -> None:
    with raises_naming(TypeError, "colour"):
        ModelLost(model="1", attempt=0, reason="gone", colour="blue")  # type: ignore[call-arg]
    with raises_naming(TypeError, "mood"):
        AnnotatedItem(item=3, mood="good")  # type: ignore[call-arg]


def test_unknown_values_of_an_enumeration_are_read() -> None:
    event = new_event("p", project(), source="cli")

    payload = rewritten(event, cold_start="by-cluster", task="ranking", ties="drawn").payload

    assert isinstance(payload, ProjectCreated)
    assert (payload.cold_start, payload.task, payload.ties) == ("by-cluster", "ranking", "drawn")


def test_unknown_values_of_an_enumeration_are_not_written() -> None:
    with raises_naming(Invalid, "reason", "cold-start", "uncertain", "'whim'"):
        new_event("p", batch(QueriedItem(item=0, rank=0, reason="whim")), source="s")
    with raises_naming(Invalid, "ties", "'drawn'"):
        new_event("p", replaced(project(), ties="drawn"), source="s")


@pytest.mark.parametrize("field", ["model", "attempt", "reason"])
def test_a_missing_field_is_named(field: str) -> None:
    event = rewritten(new_event("p", LOST, source="s"), **{field: None})

    with raises_naming(InvalidEvent, field):
        _ = event.payload


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{nope", b"\xff\xfe", b'{"model": 1}'])
def test_data_that_are_none_are_invalid(data: bytes) -> None:
    event = Event({**new_event("p", LOST, source="s").attributes, "datahash": datahash(data)}, data)

    with pytest.raises(InvalidEvent):
        _ = event.payload


def test_bytes_that_were_changed_are_noticed() -> None:
    event = new_event("p", LOST, source="s")

    with raises_naming(InvalidEvent, "datahash"):
        _ = Event(event.attributes, event.data.replace(b"gone", b"here")).payload


def test_a_type_of_the_future_is_unknown_and_says_whether_that_matters() -> None:
    event = new_event("p", LOST, source="s")

    future = Event({**event.attributes, "type": "labelloop.AnswersExplained.v1"}, event.data)

    assert future.mustunderstand
    assert future.name == "AnswersExplained"
    with raises_naming(UnknownType, "labelloop.AnswersExplained.v1"):
        _ = future.payload


@pytest.mark.parametrize("missing", ["id", "source", "type", "subject", "time", "datahash"])
def test_without_an_attribute_that_is_needed_it_is_no_event(missing: str) -> None:
    attributes = {**new_event("p", LOST, source="s").attributes, missing: ""}

    with raises_naming(NotAnEvent, missing):
        Event(attributes, b"{}")


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_cannot_hold_is_not_taken(number: float) -> None:
    with raises_naming(Invalid, "metrics.loss"):
        ModelTrained(**{**TRAINED, "metrics": {"loss": number}})
    with raises_naming(Invalid, "score"):
        QueriedItem(item=0, rank=0, reason="uncertain", score=number)
    with raises_naming(Invalid, "parameters", str(number)):
        Choice(name="linear", parameters={"rates": [{"first": number}]})


@pytest.mark.parametrize("changes", [{"attempt": -1}, {"attempt": "1"}, {"seconds": -0.5}, {"model": 1}])
def test_a_value_that_would_not_be_read_is_not_taken(changes: dict[str, Any]) -> None:
    with raises_naming(Invalid, *changes):
        ModelTrained(**{**TRAINED, **changes})


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb"])
def test_a_string_that_json_cannot_hold_is_not_written(text: str) -> None:
    with raises_naming(Invalid, "JSON"):
        new_event("p", replaced(LOST, reason=text), source="s")


@given(
    items=st.lists(
        st.builds(
            QueriedItem,
            item=st.integers(0, 10**9),
            rank=st.integers(0, 100),
            reason=st.sampled_from(["cold-start", "uncertain", "audit", "relabel"]),
            score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            predicted=st.lists(st.text(st.characters(codec="utf-8")), max_size=2).map(tuple),
            probability=st.none() | st.floats(0, 1),
            suggested=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    batch=st.text(st.characters(codec="utf-8")),
)
def test_what_is_written_is_read(items: tuple[QueriedItem, ...], batch: str) -> None:
    data = BatchQueried(batch=batch, items=items, seed=1, pool_version="v", seconds=0.1)

    assert new_event("p", data, source="s").payload == data


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
