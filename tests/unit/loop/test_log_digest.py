"""The digest of a log: what it is over, and what changes it."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.history import ChainedHistory, History
from labelloop.loop.log_digest import LogDigest
from schemas.envelope import Event
from tests.support.logs import some_event
from tests.support.loops import PROJECT, Loop, mixed, project


@pytest.fixture(scope="module")
def events() -> list[Event]:
    loop = Loop(project(max_batches=2), mixed)
    loop.finish()
    return loop.events


def digest(events: Sequence[Event]) -> LogDigest:
    history = History(PROJECT)
    for event in events:
        history.add(event)
    return history.state.log


def test_it_is_the_chain_that_the_docs_tell_how_to_compute(events: list[Event]) -> None:
    expected = bytes(32)
    for event in events:
        attributes = json.dumps(sorted(event.attributes.items()), separators=(",", ":"))
        expected = hashlib.sha256(expected + attributes.encode() + b"\n" + event.data).digest()

    assert digest(events) == (len(events), expected.hex())


@given(st.dictionaries(st.text(), st.text()))
def test_any_attributes_count_as_json_writes_them(extensions: dict[str, str]) -> None:
    event = some_event(PROJECT, 1)
    event = replace(event, attributes={**extensions, **event.attributes})
    attributes = json.dumps(sorted(event.attributes.items()), separators=(",", ":"))

    expected = hashlib.sha256(bytes(32) + attributes.encode() + b"\n" + event.data)

    assert LogDigest().followed_by(event) == (1, expected.hexdigest())


def test_without_events_it_is_zero() -> None:
    assert digest([]) == (0, "00" * 32)


def test_duplicates_and_conflicts_do_not_count(events: list[Event]) -> None:
    later = replace(events[1], attributes={**events[1].attributes, "time": "2030-01-01T00:00:00+00:00"})
    conflict = replace(later, data=b"{}", attributes={**later.attributes, "datahash": "0"})

    assert digest([*events, events[1], later, conflict]) == digest(events)


def test_an_unknown_event_that_may_be_skipped_counts(events: list[Event]) -> None:
    unknown = {"type": "labelloop.AnswersExplained.v1", "id": "new", "mustunderstand": "false"}
    newer = replace(events[1], attributes={**events[1].attributes, **unknown})

    assert digest([*events, newer]) == digest(events).followed_by(newer)


def altered(name: str, value: str) -> Callable[[list[Event]], None]:
    def alter(events: list[Event]) -> None:
        events[2] = replace(events[2], attributes={**events[2].attributes, name: value})

    return alter


def exchanged(events: list[Event]) -> None:
    """Two neighbours of which neither is the cause of the other."""
    at = next(at for at in range(2, len(events) - 2) if events[at + 1].cause != events[at].id)
    events[at : at + 2] = reversed(events[at : at + 2])


@pytest.mark.parametrize(
    "change",
    [
        exchanged,
        altered("time", "2030-01-01T00:00:00+00:00"),
        altered("source", "somebody"),
        altered("extension", "more"),
        lambda events: events.pop(),
    ],
)
def test_each_change_changes_it(events: list[Event], change: Callable[[list[Event]], None]) -> None:
    changed = list(events)
    change(changed)

    assert digest(changed) != digest(events)


def test_a_chained_history_knows_the_digest_of_each_beginning(events: list[Event]) -> None:
    history = ChainedHistory(PROJECT)
    for event in [*events, events[1]]:
        history.add(event)

    for count in range(len(events) + 1):
        assert history.begins_with(*digest(events[:count]))
        assert not history.begins_with(count + 1, digest(events[:count]).digest)
