"""Dead letters as Kafka records."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from labelloop.log.base import DeadLetter, DeadLetterStatus
from labelloop.log.kafka.dead_letters import NotALetter, to_letter, to_letter_headers
from labelloop.log.kafka.records import Headers, to_headers
from tests.support.logs import some_event
from tests.support.messages import raises_naming

EVENT = some_event("questions-1", 7, why="ümläut")
LETTER = DeadLetter(
    "alerting",
    3,
    117,
    EVENT,
    "ValueError: ✗",
    4,
    datetime(2026, 11, 24, 12, tzinfo=UTC),
    DeadLetterStatus.REDRIVEN,
)


@dataclass
class Found:
    """A record as a consumer has it."""

    headers: Any = field(default_factory=lambda: to_letter_headers(LETTER))
    value: bytes | None = EVENT.data
    key: bytes | None = b"questions-1"
    partition: int = 0
    offset: int = 11


def without(*names: str) -> Headers:
    return [header for header in to_letter_headers(LETTER) if header[0] not in names]


def test_the_events_headers_stay_as_they_were_and_the_letters_come_after() -> None:
    headers = to_letter_headers(LETTER)

    assert headers[: len(EVENT.attributes)] == to_headers(EVENT)
    assert dict(headers[len(EVENT.attributes) :]) == {
        "dl_standing": b"redriven",
        "dl_group": b"alerting",
        "dl_partition": b"3",
        "dl_offset": b"117",
        "dl_reason": "ValueError: ✗".encode(),
        "dl_attempts": b"4",
        "dl_time": b"2026-11-24T12:00:00+00:00",
    }


def test_a_record_gives_the_letter_back() -> None:
    assert to_letter(Found()) == LETTER


def test_an_event_whose_data_nobody_can_read_gives_a_letter_too() -> None:
    damaged = replace(EVENT, data=b"\x00\xff")

    found = Found(headers=to_letter_headers(replace(LETTER, event=damaged)), value=damaged.data)

    assert to_letter(found).event == damaged


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Found(headers=to_headers(EVENT)), "'dl_group'"),
        (Found(headers=without("dl_reason")), "'dl_reason'"),
        (Found(headers=[*without("dl_standing"), ("dl_standing", b"burnt")]), "'burnt'"),
        (Found(headers=[*without("dl_offset"), ("dl_offset", b"far")]), "'far'"),
        (Found(headers=[*without("dl_time"), ("dl_time", None)]), "NoneType"),
        (Found(value=None), "data"),
        (Found(key=b"another"), "key"),
    ],
)
def test_what_is_no_letter_says_why(found: Found, problem: str) -> None:
    with raises_naming(NotALetter, problem):
        to_letter(found)
