"""Events as they were once written. The files are kept for ever: all that changes is that more join them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from schemas.envelope import Event, event_id, new_event
from schemas.events import EVENTS
from schemas.generate import FOLDER, HEADERS, event_schema
from schemas.model import write

SAMPLES = sorted((FOLDER.parent / "samples").glob("v*/*.json"))


def sample(path: Path) -> Event:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Event(content["attributes"], content["data"].encode())


def is_within(part: Any, whole: Any) -> bool:
    """Whether all that `part` says is in `whole`, which may say more."""
    if isinstance(part, dict):
        return all(key in whole and is_within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_within, part, whole))
    return bool(part == whole)


def test_every_type_of_event_has_a_sample() -> None:
    assert {sample(path).type for path in SAMPLES} == set(EVENTS)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_named_by_its_event(path: Path) -> None:
    event = sample(path)

    assert path.stem.partition("-")[0] == event.name
    assert event.type.endswith(f".{path.parent.name}")
    assert set(event.attributes) <= set(HEADERS)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_decodes_to_all_that_it_says(path: Path) -> None:
    event = sample(path)

    read = json.loads(write(event.payload))

    assert type(event.payload) is EVENTS[event.type]
    assert is_within(json.loads(event.data), read)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_keeps_its_id(path: Path) -> None:
    event = sample(path)

    assert event.id == event_id(event.project, event.type, event.payload.identity())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_must_be_understood_as_what_is_written_now(path: Path) -> None:
    event = sample(path)

    written = new_event(event.project, event.payload, source=event.source)

    assert event.mustunderstand == written.mustunderstand


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_its_json_schema(path: Path) -> None:
    event = sample(path)

    schema = event_schema(EVENTS[event.type])

    Draft202012Validator(schema, format_checker=FormatChecker()).validate(json.loads(event.data))
