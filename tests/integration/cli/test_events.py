"""`labelloop events`: what is shown of a log, and in which order."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Event
from schemas.events import LabelsChanged
from tests.support.command import error_line, labelloop
from tests.support.logs import write_log
from tests.support.loops import Loop
from tests.support.messages import names


def shown(log: str, *options: object) -> list[str]:
    """The ids of what is printed."""
    result = labelloop("events", "--log", log, *options, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def data(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.data)
    return found


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), lambda event: True),
        (("--type", "ModelTrained"), lambda event: event.name == "ModelTrained"),
        (
            ("--type", "ModelTrained", "--type", "BatchQueried"),
            lambda event: event.name in ("ModelTrained", "BatchQueried"),
        ),
        (("--batch", "1"), lambda event: data(event).get("batch") == "1"),
        (("--model", "0"), lambda event: data(event).get("model") == "0"),
        (
            ("--type", "BatchQueried", "--model", "0"),
            lambda event: event.name == "BatchQueried" and data(event).get("model") == "0",
        ),
        (("--grep", "cold-st.rt"), lambda event: b"cold-start" in event.data),
    ],
)
def test_only_what_is_asked_for_is_shown(
    loop: Loop, log: str, options: tuple[str, ...], wanted: Callable[[Event], bool]
) -> None:
    expected = [event.id for event in loop.events if wanted(event)]

    assert expected
    assert shown(log, *options) == expected


def test_from_a_time_to_a_time(loop: Loop, log: str) -> None:
    first, last = loop.events[2], loop.events[5]

    between = shown(log, "--since", first.time.isoformat(), "--until", last.time.isoformat())

    assert between == [event.id for event in loop.events[2:6]]
    assert shown(log, "--until", (loop.events[0].time - timedelta(seconds=1)).isoformat()) == []
    assert shown(log, "--since", "1s") == []


def test_the_newest_alone_or_first(loop: Loop, log: str) -> None:
    ids = [event.id for event in loop.events]

    assert shown(log, "-n", 3) == ids[-3:]
    assert shown(log, "--reverse") == ids[::-1]
    assert (
        shown(log, "-r", "-n", 2, "--type", "BatchQueried")
        == [event.id for event in loop.events if event.name == "BatchQueried"][:-3:-1]
    )


def test_a_line_tells_what_it_is_about(loop: Loop, log: str) -> None:
    (line,) = labelloop("events", "--log", log, "--type", "ModelTrained", "--model", "0").stdout.splitlines()

    assert names(line, "ModelTrained", "model 0", "attempt 0")


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (("--type", "Trained"), ("'Trained'", "ProjectCreated", "BatchQueried")),
        (("--since", "soon"), ("--since", "'soon'")),
        (("--grep", "("), ("--grep", "'('")),
        (("--follow", "--reverse"), ("--follow", "--reverse")),
    ],
)
def test_what_cannot_be_asked_is_told(log: str, options: tuple[str, ...], facts: tuple[str, ...]) -> None:
    assert names(error_line(labelloop("events", "--log", log, *options)), *facts)


def test_a_line_tells_which_labels_there_are_from_now_on(loop: Loop, tmp_path: Path) -> None:
    names_now = ("ham", "junk <b>", "news")
    loop.append(LabelsChanged(request="1", who="ann", number=1, names=names_now, retired=(0,)))
    asyncio.run(write_log(tmp_path / "changed.sqlite", loop.events))

    where = ("--log", f"sqlite:///{tmp_path / 'changed.sqlite'}")
    (line,) = labelloop("events", *where, "--type", "LabelsChanged").stdout.splitlines()

    assert names(line, "ham (retired)", "junk <b>", "news")
