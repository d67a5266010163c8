"""The generated documents: fresh, valid, and true of the events."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from schemas.events import EVENTS, EventData
from schemas.generate import CHANNEL, FOLDER, asyncapi, event_schema, stale, write

ROOT = Path(__file__).resolve().parents[3]


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for value in document.values():
            yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)


def resolved(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_the_generated_files_are_fresh() -> None:
    assert stale() == [], "run `python -m schemas.generate`"


def test_files_that_are_missing_changed_or_left_over_are_stale(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "ModelLost.json").unlink()
    (tmp_path / "BatchClosed.json").write_text("{}")
    (tmp_path / "Gone.json").write_text("{}")

    assert stale(tmp_path) == ["BatchClosed.json", "Gone.json", "ModelLost.json"]

    write(tmp_path)
    assert stale(tmp_path) == []


def test_check_writes_nothing_and_passes_on_fresh_files() -> None:
    before = {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()}

    checked = subprocess.run([sys.executable, "-m", "schemas.generate", "--check"], cwd=ROOT, check=False)

    assert checked.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == before


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_each_schema_is_valid_and_lets_unknown_fields_pass(event: type[EventData]) -> None:
    schema = event_schema(event)

    Draft202012Validator.check_schema(schema)
    assert '"additionalProperties": false' not in json.dumps(schema)


def test_every_event_is_a_message_of_its_own_on_the_one_channel() -> None:
    document = asyncapi()

    (channel,) = document["channels"].values()
    assert channel["address"] == CHANNEL
    messages = [resolved(document, message["$ref"]) for message in channel["messages"].values()]
    assert [message["name"] for message in messages] == list(EVENTS)
    for message, event in zip(messages, EVENTS.values(), strict=True):
        payload = resolved(document, message["payload"]["$ref"])
        assert set(payload["properties"]) == set(event.model_fields)
        assert message["headers"]["properties"]["type"]["const"] == event.type_name()


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi()

    found = list(references(document))

    assert len(found) > len(EVENTS)
    assert all(isinstance(resolved(document, reference), dict) for reference in found)
