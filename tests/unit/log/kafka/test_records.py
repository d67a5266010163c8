"""CloudEvents' binary mode."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from labelloop.log.kafka.records import to_headers, to_record
from schemas.envelope import Event
from tests.support.logs import some_event
from tests.support.messages import names

EVENT = some_event("questions-1", 7, why="ümläut")


@dataclass
class Found:
    """A record as a consumer has it."""

    headers: Any = field(default_factory=lambda: to_headers(EVENT))
    value: bytes | None = EVENT.data
    key: bytes | None = b"questions-1"
    partition: int = 3
    offset: int = 11


def test_attributes_are_headers_and_the_data_the_value() -> None:
    headers = dict(to_headers(EVENT))

    assert headers["ce_id"] == EVENT.id.encode()
    assert headers["ce_subject"] == b"questions-1"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["content-type"] == b"application/json"
    assert len(headers) == len(EVENT.attributes)


def test_a_record_gives_the_event_back_byte_for_byte() -> None:
    record = to_record(Found())

    assert (record.partition, record.offset) == (3, 11)
    assert record.event == Event(EVENT.attributes, EVENT.data)


def test_headers_of_others_are_no_attributes() -> None:
    record = to_record(Found(headers=[*to_headers(EVENT), ("traceparent", b"00-1")]))

    assert record.event == EVENT


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Found(headers=[]), "specversion, id, source"),
        (Found(headers=[("ce_id", b"\xff")]), "headers"),
        (Found(headers=[("ce_id", None)]), "headers"),
        (Found(value=None), "data"),
        (Found(key=b"another"), "key"),
        (Found(key=None), "key"),
    ],
)
def test_what_holds_no_event_says_why(found: Found, problem: str) -> None:
    record = to_record(found)

    assert record.event is None
    assert names(record.problem, problem)
