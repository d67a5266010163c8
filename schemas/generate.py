"""`python -m schemas.generate` writes the generated documents; `--check` says whether they are fresh.

These are a JSON Schema for each event, and an AsyncAPI 3 document for all events.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from schemas.events import EVENTS, EventData
from schemas.fields import LEAST, MOST

Document = dict[str, Any]

CHANNEL = "labelloop.events"
KEYWORDS = (
    *("title", "description", "examples", "format", "type", "properties", "required", "items", "minItems"),
    *("minimum", "maximum", "additionalProperties", "anyOf", "default"),
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEADERS = {
    "specversion": "The version of CloudEvents.",
    "id": "A uuid5 of what the event states: the same fact has the same id.",
    "source": "The service that wrote it.",
    "type": "The event's name and version.",
    "subject": "The project.",
    "time": "When it was written (RFC 3339).",
    "datacontenttype": "The media type of the data.",
    "correlationid": "The project.",
    "causationid": "The id of the event that made this one due.",
    "datahash": "The sha256 of the data's bytes, in hexadecimal.",
    "mustunderstand": "Whether skipping the event would change the state of the loop: true or false.",
}
OPTIONAL = ("causationid", "datacontenttype", "mustunderstand")


class _Schemas(GenerateJsonSchema):
    """Makes JSON Schemas that are the same in every pydantic version. Only named types have titles."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def int_schema(self, schema: Any) -> JsonSchemaValue:
        bounds = {"minimum": LEAST, "maximum": MOST}
        return _without(bounds, super().int_schema(schema))

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        described = super().float_schema(schema)
        return {
            key: int(value) if key in ("minimum", "maximum") else value for key, value in described.items()
        }

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        return _without({"additionalProperties": True}, super().dict_schema(schema))


def documents() -> dict[str, Document]:
    """All generated documents, by file name."""
    return {
        **{f"{event.__name__}.json": event_schema(event) for event in EVENTS.values()},
        "asyncapi.json": asyncapi(),
    }


def event_schema(event: type[EventData]) -> Document:
    """The JSON Schema of an event's data for readers, which allows unknown fields."""
    parts = _components([event], "#/$defs/{model}")
    schema = parts.pop(event.__name__)
    definitions = {"$defs": parts} if parts else {}
    return {
        "$schema": DIALECT,
        "$id": f"urn:labelloop:schema:{event.type_name()}",
        **schema,
        **definitions,
    }


def _components(events: Iterable[type[EventData]], ref_template: str) -> Document:
    _, definitions = models_json_schema(
        [(event, "validation") for event in events], ref_template=ref_template, schema_generator=_Schemas
    )
    return {name: _ordered(schema) for name, schema in sorted(definitions["$defs"].items())}


def _without(keywords: Document, schema: Document) -> Document:
    return {key: value for key, value in schema.items() if key not in keywords or keywords[key] != value}


def _ordered(schema: Any) -> Any:
    """A schema with its keywords in a fixed order. Properties keep their order."""
    if isinstance(schema, list):
        return list(map(_ordered, schema))
    if not isinstance(schema, dict):
        return schema
    ordered = {name: schema[name] for name in (*KEYWORDS, *sorted(schema)) if name in schema}
    for name in ordered.keys() - {"default", "properties"}:
        ordered[name] = _ordered(ordered[name])
    properties = {name: _ordered(each) for name, each in schema.get("properties", {}).items()}
    return {**ordered, "properties": properties} if properties else ordered


def asyncapi() -> Document:
    definitions = _components(EVENTS.values(), "#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "labelloop",
            "version": "1.0.0",
            "description": "The events of active-learning loops, in one log, each project's in one order.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {"events": _channel()},
        "operations": {
            "append": _operation("send", "A service says what happened."),
            "follow": _operation("receive", "A service, or a consumer that plugs in, reads what happened."),
        },
        "components": {
            "messages": {event.__name__: _message(event) for event in EVENTS.values()},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "schemas": definitions,
        },
    }


def _channel() -> Document:
    return {
        "address": CHANNEL,
        "description": "The event log; the key of a message is its project.",
        "messages": {
            event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in EVENTS.values()
        },
    }


def _operation(action: str, summary: str) -> Document:
    return {"action": action, "channel": {"$ref": "#/channels/events"}, "summary": summary}


def _message(event: type[EventData]) -> Document:
    return {
        "name": event.type_name(),
        "title": event.__name__,
        "summary": (event.__doc__ or "").splitlines()[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "headers": {
            "type": "object",
            "properties": {
                "type": {"const": event.type_name()},
                "mustunderstand": {"const": str(event.mustunderstand).lower()},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


def _headers() -> Document:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in HEADERS.items()},
        "required": [name for name in HEADERS if name not in OPTIONAL],
    }


FOLDER = Path(__file__).parent / "generated"


def rendered() -> dict[str, str]:
    """The text of every generated file by its name."""
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents().items()
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """The files that are missing, differ from what would be written, or should not be there."""
    expected = rendered()
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(
        name for name in expected.keys() | written.keys() if expected.get(name) != written.get(name)
    )


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()
    for name, text in rendered().items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when files are stale")
    if not parser.parse_args().check:
        write()
        return 0
    names = stale()
    if names:
        print(f"stale: {', '.join(names)}; run `python -m schemas.generate`", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
