"""What is read and written is what msgspec takes and gives, which read and wrote the events of 0.1.0."""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas import parts
from schemas.envelope import Event
from schemas.events import EVENTS
from schemas.model import Invalid, Model, fields, plain, read, write
from tests.support import msgspec_events as before
from tests.support.matrices import examples
from tests.unit.schemas.test_samples import SAMPLES as ALL_SAMPLES
from tests.unit.schemas.test_samples import sample

SINCE = (
    "labelloop.ProjectCreated.v3",
    "labelloop.ProjectCreated.v4",
    "labelloop.ProjectCreated.v5",
    "labelloop.LookaheadChosen.v1",
    "labelloop.AnnotatorChanged.v1",
    "labelloop.LabelsChanged.v1",
    "labelloop.ProjectChanged.v2",
    "labelloop.ProjectChanged.v3",
    "labelloop.ProjectChanged.v4",
    "labelloop.ModelEvaluated.v2",
    "labelloop.PoolGrown.v1",
    "labelloop.PredictionsRecorded.v1",
    "labelloop.SuggesterChosen.v1",
    "labelloop.SuggesterChosen.v2",
    "labelloop.SuggestionsMade.v1",
)
SAMPLES = [path for path in ALL_SAMPLES if sample(path).type not in SINCE]
ALL = pytest.mark.parametrize(
    "event", [sample(path) for path in SAMPLES], ids=[path.stem for path in SAMPLES]
)
HERE = "here it is"

JSON = (
    *("null", "true", "false", "{}", "[]", '""', '"x"', '"1"', '"größer ✓"', '"\\ud83d\\ude00"', '"\\ud800"'),
    *("0", "-0", "1", "-1", "7", "1.0", "0.5", "-0.0", "-0.5", "1e0", "1E5", "1e-5", "5e-324", "1e22"),
    *("123456789.123", "0.1", "0.30000000000000004", "1e16", "9007199254740993.0", "1e400", "-1e400"),
    *("NaN", "Infinity", "-Infinity", '"NaN"', "01", "1.", "+1", ".5", "nul", "'x'", '"\\x"', '"\n"', ""),
    *(str(2**31), str(2**53 + 1), "[null]", "[1]", "[true]", '["x"]', '["x", 1]', "[[1]]", "[{}]", "[1,]"),
    *('{"x": null}', '{"x": 1}', '{"x": "y"}', '{"x": 1.5}', '{"x": {"y": [1, {"z": 1e-7}]}}'),
    *('[{"item": 0}]', '[{"item": 0, "rank": 0, "reason": "whim", "x": 1}]', '{"x": 1, "x": 2}'),
    *('"2026-01-01T09:00:00Z"', '"2026-01-01T09:00:00.5+02:30"', '"2026-01-01"', '"1700000000"'),
)
"""What may stand anywhere in an event's JSON, or may not."""

PYTHON: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 2**63, 1.5, -0.5, 1e22, math.nan, math.inf, "x", "", b"x", "größer ✓", "\ud800"),
    *((), ("x",), (1,), [], ["x"], {}, {"x": 1}, {"x": "y"}, {"x": 0.5}, {"x": math.nan}, {1: 2}, {"x"}),
    *(datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), object()),
)
"""What our own code may give to an event, or may not."""


def read_before(event: Event, data: bytes) -> bytes | None:
    """What the old reader found, as the old writer wrote it; None where it refused."""
    try:
        return before.write(before.read(event.name, data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def read_now(event: Event, data: bytes) -> bytes | None:
    try:
        return msgspec.json.encode(read(EVENTS[event.type], data), enc_hook=plain)
    except Invalid:
        return None


def written_before(kind: str, values: dict[str, Any]) -> object:
    """What the old writer's checked bytes say; None where it refused."""
    value = getattr(before, kind)(**values)
    try:
        content = before.write(value)
        return json.loads(content) if before.read(kind, content) == value else None
    except (TypeError, ValueError, msgspec.DecodeError):
        return None


def written_now(kind: Any, values: dict[str, Any]) -> object:
    try:
        value = kind(**values)
        content = write(value) if kind in EVENTS.values() else msgspec.json.encode(value, enc_hook=plain)
    except ValueError:
        return None
    return json.loads(content)


def says_twice(data: bytes) -> bool:
    """Whether a field is there twice: which one counts is left open."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found |= len(pairs) > len(dict(pairs))
        return dict(pairs)

    with suppress(ValueError):
        json.loads(data, object_pairs_hook=look)
    return found


def changed(node: Any, whole: Any) -> Iterator[str]:
    """The JSON of `whole` with another value, or none, in each place of its part `node`, one at a time."""
    if isinstance(node, dict):
        for key, value in list(node.items()):
            del node[key]
            yield json.dumps(whole, ensure_ascii=False)
            yield from _others(node, key, whole)
            node[key] = value
            yield from changed(value, whole)
        yield from _others(node, "unknown", whole)
        del node["unknown"]
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _others(node, place, whole)
            node[place] = value
            yield from changed(value, whole)


def _others(node: Any, key: Any, whole: Any) -> Iterator[str]:
    node[key] = HERE
    text = json.dumps(whole, ensure_ascii=False)
    for value in JSON:
        yield text.replace(f'"{HERE}"', value)


@ALL
def test_a_sample_is_written_again_as_before(event: Event) -> None:
    assert read_now(event, event.data) == read_before(event, event.data) is not None
    assert write(event.payload) == read_before(event, event.data)


@ALL
def test_a_changed_sample_is_taken_or_refused_as_before(event: Event) -> None:
    content = json.loads(event.data)
    texts = [text.encode() for text in changed(content, content)]

    assert len(texts) > 100
    differing = [text for text in texts if read_now(event, text) != read_before(event, text)]
    assert differing == []


@ALL
@examples(100)
@given(data=st.data())
def test_a_damaged_sample_is_taken_or_refused_as_before(event: Event, data: st.DataObject) -> None:
    text = event.data.decode()
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 20))
    put = data.draw(st.text(st.sampled_from('{}[],:"\\ntu0.-e x\n\x00é'), max_size=3))
    damaged = f"{text[:at]}{put}{text[at + length :]}".encode()

    assume(not says_twice(damaged))
    assert read_now(event, damaged) == read_before(event, damaged)


@examples(1000)
@given(
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt _][0-2][0-9]:[0-6][0-9]:?[0-6]?[0-9]?.{0,12}", fullmatch=True
    )
    | st.datetimes().map(datetime.isoformat)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.from_regex(r"[0-9.,:TZ+− -]{0,30}", fullmatch=True)
)
def test_a_time_is_taken_or_refused_as_before(time: str) -> None:
    event = next(event for event in map(sample, SAMPLES) if event.name == "BatchAnnotated")
    data = json.dumps({"batch": "0", "revision": 0, "items": [], "opened": time}).encode()

    found, expected = read_now(event, data), read_before(event, data)

    if len(time.rpartition(".")[2]) < 7:  # Finer than microseconds is rounded there, and cut here.
        assert found == expected
    else:
        assert (found is None) == (expected is None) or time.startswith("9999-12-31")


@ALL
def test_a_value_that_code_gives_is_taken_or_refused_as_before(event: Event) -> None:
    old, new = before.read(event.name, event.data), event.payload
    values_before = {name: getattr(old, name) for name in fields(type(new))}
    values = {name: getattr(new, name) for name in fields(type(new))}
    names = [name for name in values if name not in ("task", "cold_start", "ties")]

    for name in names:
        for value in PYTHON:
            if isinstance(values[name], Model) and isinstance(value, dict):
                continue  # pydantic takes a dictionary of fields for a Model.
            found = written_now(type(new), {**values, name: value})
            assert found == written_before(event.name, {**values_before, name: value}), (name, value)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (parts.Snapshot, {"uri": "u", "digest": "d", "size": 1}),
        (parts.BaseModelChoice, {"name": "n"}),
        (parts.QueriedItem, {"item": 0, "rank": 0, "reason": "audit"}),
        (parts.Vote, {"username": "u", "status": "draft"}),
        (parts.AnnotatedItem, {"item": 0}),
        (parts.ClassFigures, {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1}),
    ],
)
def test_a_part_that_code_makes_is_taken_or_refused_as_before(kind: Any, values: dict[str, Any]) -> None:
    for name in fields(kind):
        for value in PYTHON:
            if value != "\ud800":  # Only an event's writer sees that no JSON can hold it.
                found = written_now(kind, {**values, name: value})
                assert found == written_before(kind.__name__, {**values, name: value}), (name, value)


def test_what_an_event_leaves_unsaid_means_what_it_did() -> None:
    kinds = [
        kind for kind in vars(before).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ]

    assert len(kinds) > 20
    for kind in kinds:
        if kind.__name__ in ("Struct", "OperatorEvent"):
            continue
        now = EVENTS.get(f"labelloop.{kind.__name__}.v1") or getattr(parts, kind.__name__)
        for field in msgspec.structs.fields(kind):
            found = fields(now)[field.name]
            expected = field.default if field.default is not msgspec.NODEFAULT else field.default_factory
            if expected is dict:
                expected = {}
            assert found.is_required() == (expected is msgspec.NODEFAULT), (kind, field.name)
            assert found.is_required() or found.get_default() == expected, (kind, field.name)


DEEP = '{"x":' * 250 + "1" + "}" * 250


@pytest.mark.parametrize(
    ("attempt", "more", "is_taken"),
    [
        pytest.param(2**64 - 1, "", True, id="an integer of 64 bits"),
        pytest.param(2**64, "", False, id="an integer of more than 64 bits"),
        pytest.param(0, f', "x": {DEEP}', False, id="more than 200 values in one another"),
        pytest.param(0, f', "x": {"1" * 5000}', False, id="more digits than Python takes"),
        pytest.param(0, ', "x": "\udcff"', False, id="what is no UTF-8, in a field that is not known"),
    ],
)
def test_what_no_writer_of_events_writes_may_be_refused_now(attempt: int, more: str, is_taken: bool) -> None:
    event = next(event for event in map(sample, SAMPLES) if event.name == "ModelLost")
    text = f'{{"model": "1", "attempt": {attempt}, "reason": "gone"{more}}}'
    data = text.encode(errors="surrogateescape")

    assert read_before(event, data) is not None
    assert (read_now(event, data) is not None) == is_taken
