"""`labelloop replay` on the log of a whole loop; its models were never written."""

import json
import sqlite3
from contextlib import closing

import pytest

from labelloop.loop.digest import loop_digest
from labelloop.loop.history import replay as replayed
from tests.support.command import error_line, labelloop
from tests.support.loops import PROJECT, Loop
from tests.support.messages import names


def said(log: str, *options: object) -> dict[str, object]:
    result = labelloop("replay", "--log", log, *options, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_without_a_point_it_shows_all_that_the_log_has(loop: Loop, log: str) -> None:
    found = said(log)

    assert found["digest"] == loop_digest(loop.state)
    assert found["events"] == len(loop.events)
    assert found["batches"] == {"done": 3, "open": []}
    text = labelloop("replay", "--log", log).stdout
    assert names(text, PROJECT, len(loop.events))
    assert names(text.splitlines()[-1], loop_digest(loop.state))


def test_it_stops_with_an_event_at_a_time_or_when_a_batch_was_done(loop: Loop, log: str) -> None:
    place = next(place for place, event in enumerate(loop.events) if event.name == "BatchAnnotated")
    until = loop.events[place]
    digest = loop_digest(replayed(PROJECT, loop.events[: place + 1]))

    by_event = said(log, "--until", until.id)
    by_time = said(log, "--at", until.time.isoformat())
    by_batch = said(log, "--batch", "0")

    assert by_event["digest"] == by_time["digest"] == by_batch["digest"] == digest
    assert by_event["events"] == place + 1


def test_before_all_of_it_there_is_nothing(log: str) -> None:
    assert said(log, "--at", "2000-01-01")["events"] == 0


def test_a_whole_log_is_verified(loop: Loop, log: str) -> None:
    result = labelloop("replay", "--log", log, "--verify")

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert names(lines[-1], len(loop.events), loop_digest(loop.state))
    assert names(lines[-2], "--store")


def test_the_first_event_that_does_not_fit_is_named(loop: Loop, log: str) -> None:
    event = loop.events[4]
    with closing(sqlite3.connect(log.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("UPDATE events SET data = ? WHERE id = ?", (event.data + b" ", event.id))

    line = error_line(labelloop("replay", "--log", log, "--verify"))

    assert names(line, event.id, "datahash")


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (("--batch", "7"), (PROJECT, "7", "labelloop events")),
        (("--until", "nothing"), (PROJECT, "nothing", "labelloop events")),
        (("--at", "yesterday"), ("'yesterday'", "2026-05-01T14:30", "2h")),
        (("--batch", "1", "--at", "2026-01-01"), ("--until", "--at", "--batch")),
    ],
)
def test_a_point_that_is_none_is_told(log: str, options: tuple[str, ...], facts: tuple[str, ...]) -> None:
    assert names(error_line(labelloop("replay", "--log", log, *options)), *facts)
