"""`labelloop replay` on the log of a whole loop; its models were never written."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.history import replay as replayed
from schemas.envelope import datahash
from tests.support.command import error_line, labelloop
from tests.support.logs import write_log
from tests.support.loops import PROJECT, Loop
from tests.support.messages import names
from tests.support.states import evaluated


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
    assert names(text.splitlines()[-2], loop_digest(loop.state))
    assert found["log"] == {"events": len(loop.events), "digest": loop.state.log.digest}
    assert str(loop.state.log) in text.splitlines()[-1].split()


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


def status_of(log: str) -> str:
    """What an auditor wrote down."""
    (found,) = json.loads(labelloop("status", "--log", log, "--json").stdout)["projects"]
    return f"{found['log']['events']}:{found['log']['digest']}"


def change_attribute(name: str, value: str) -> Callable[[sqlite3.Connection], None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE events SET attributes = json_set(attributes, ?, ?) "
            "WHERE rowid = (SELECT max(rowid) FROM events)",
            (f"$.{name}", value),
        )

    return change


def change_accuracy(connection: sqlite3.Connection) -> None:
    """With the datahash made anew."""
    rowid, attributes, data = connection.execute(
        "SELECT rowid, attributes, data FROM events WHERE attributes LIKE '%ModelEvaluated%'"
    ).fetchone()
    changed = json.dumps({**json.loads(data), "accuracy": 0.99}).encode()
    values = (json.dumps({**json.loads(attributes), "datahash": datahash(changed)}), changed, rowid)
    connection.execute("UPDATE events SET attributes = ?, data = ? WHERE rowid = ?", values)


@pytest.mark.parametrize(
    "change",
    [
        change_attribute("time", "2030-01-01T00:00:00+00:00"),
        change_attribute("source", "somebody"),
        change_accuracy,
    ],
)
def test_what_only_a_digest_kept_elsewhere_can_tell_is_found_with_it(
    loop: Loop, change: Callable[[sqlite3.Connection], None], tmp_path: Path
) -> None:
    model = list(loop.state.models)[-1]
    loop.append(evaluated(model), loop.state.models[model].ids[-1])
    asyncio.run(write_log(tmp_path / "whole.sqlite", loop.events))
    log = f"sqlite:///{tmp_path / 'whole.sqlite'}"
    kept = status_of(log)
    verify = ("replay", "--log", log, "--verify")
    assert labelloop(*verify, "--expect", kept).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "whole.sqlite", isolation_level=None)) as connection:
        change(connection)

    assert labelloop(*verify).exit_code == 0
    line = error_line(labelloop(*verify, "--expect", kept))

    assert names(line, *kept.split(":"))


def test_events_that_came_since_do_not_matter_and_events_that_are_missing_do(
    loop: Loop, log: str, tmp_path: Path
) -> None:
    kept = status_of(log)
    early = str(History(PROJECT).state.log)

    result = labelloop("replay", "--log", log, "--verify", "--expect", kept, "--expect", early)
    assert result.exit_code == 0
    assert names(result.stdout, *kept.split(":"))

    asyncio.run(write_log(tmp_path / "older.sqlite", loop.events[:-1]))
    older = f"sqlite:///{tmp_path / 'older.sqlite'}"
    line = error_line(labelloop("replay", "--log", older, "--verify", "--expect", kept))
    assert names(line, PROJECT, len(loop.events) - 1, len(loop.events))


@pytest.mark.parametrize("given", ["12", "x:" + 64 * "0", "3:abc", ""])
def test_a_beginning_that_is_none_is_told(log: str, given: str) -> None:
    assert names(error_line(labelloop("replay", "--log", log, "--verify", "--expect", given)), repr(given))


def test_a_beginning_is_held_against_a_proof_only(log: str) -> None:
    line = error_line(labelloop("replay", "--log", log, "--expect", status_of(log)))

    assert names(line, "--expect", "--verify")


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
