"""What an operator asks for is an event in the log, and stands in the status."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.events import ProjectEnded, ProjectPaused, RelabelRequested
from tests.support.command import error_line, labelloop
from tests.support.homes import appended, home_with
from tests.support.messages import names
from tests.support.states import all_answered, project, queried, recorded, trained, vote, votes


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a project and two open batches."""
    return home_with(tmp_path / "home", project(), queried("0"), queried("1", (3, 4, 5)))


def ask(home: Path, *arguments: str) -> str:
    result = labelloop(*arguments, "--home", home)
    assert result.exit_code == 0, result.output
    return result.stdout


def standing(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(home, "status", "--json"))["projects"][0]
    return found


def test_a_project_is_paused_and_resumed_with_the_reasons(home: Path) -> None:
    assert names(ask(home, "pause", "--why", "new guidelines"), "labelloop resume")
    assert standing(home)["paused"]

    ask(home, "resume", "--why", "they are here")

    assert not standing(home)["paused"]
    asked = [(name, data["why"]) for name, data in appended(home)[-2:]]
    assert asked == [("ProjectPaused", "new guidelines"), ("ProjectResumed", "they are here")]
    assert names(error_line(labelloop("resume", "--home", home)), "mail-5e1f")


def test_a_batch_is_closed(home: Path) -> None:
    assert names(ask(home, "close", "1", "--project", "mail", "--why", "ann is away"), 1)

    name, data = appended(home)[-1]
    assert (name, data["batch"], data["why"]) == ("BatchClosed", "1", "ann is away")
    assert names(error_line(labelloop("close", "1", "--home", home)), "mail-5e1f", 1, 0)


@pytest.fixture
def half_answered(tmp_path: Path) -> Path:
    """A home with two batches of three texts; two annotators decide a text. One text is decided."""
    ann, bob, draft = vote("ann", "spam"), vote("bob", "ham"), vote("bob", "ham", status="draft")
    said = recorded(votes(0, ann, bob), votes(1, ann, draft))
    made = project(min_submitted=2)
    return home_with(tmp_path / "half", made, queried("0"), said, queried("1", (3, 4, 5)))


def test_who_closes_a_batch_is_told_how_many_texts_go_back_to_the_pool(half_answered: Path) -> None:
    assert names(ask(half_answered, "close", "0"), 2, "pool")
    assert names(ask(half_answered, "close", "1"), 3, "pool")


def test_who_ends_a_project_is_told_how_many_texts_go_back_to_the_pool(
    half_answered: Path, finished: Path
) -> None:
    assert names(ask(half_answered, "end"), 5, "pool")
    assert not names(ask(finished, "end"), "pool")


def test_texts_that_are_asked_once_more_do_not_go_back_to_the_pool(tmp_path: Path) -> None:
    again = (RelabelRequested(request="1", who="ann", items=(1,)), queried("relabel-1", (1,)))
    home = home_with(tmp_path / "again", project(), queried(), all_answered(), *again)

    assert not names(ask(home, "close", "relabel-1"), "pool")


def test_a_project_is_ended_for_good(home: Path) -> None:
    assert names(ask(home, "end", "--why", "good enough"), "labelloop export")

    name, data = appended(home)[-1]
    assert (name, data["why"]) == ("ProjectEnded", "good enough")
    assert standing(home)["ended"]
    assert names(error_line(labelloop("end", "--home", home)), "mail-5e1f", "labelloop export")


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A home with a project whose only batch is labelled and learned."""
    learned = (queried(), all_answered(), trained("0", {"0": 0}))
    return home_with(tmp_path / "finished", project(max_batches=1), *learned)


@pytest.mark.parametrize("command", ["pause", "end"])
def test_there_is_nothing_to_pause_or_to_end_after_the_end(tmp_path: Path, command: str) -> None:
    ended = home_with(tmp_path / "ended", project(), queried(), ProjectEnded(request="1", who="ann"))
    before = appended(ended)

    line = error_line(labelloop(command, "--home", ended))

    assert names(line, "mail-5e1f", "labelloop export", "labelloop fork")
    assert appended(ended) == before


def test_a_finished_project_is_not_paused(finished: Path) -> None:
    before = appended(finished)

    line = error_line(labelloop("pause", "--home", finished))

    assert names(line, "mail-5e1f", "labelloop export", "labelloop change mail")
    assert appended(finished) == before


def test_who_ends_a_finished_project_is_told_so(finished: Path, home: Path) -> None:
    assert names(ask(finished, "end"), "labelloop export", "labelloop change")
    assert not names(ask(home, "end"), "labelloop change")
    assert standing(finished)["ended"]


def test_a_pause_that_outlasted_the_project_is_not_lifted(tmp_path: Path) -> None:
    paused, ended = ProjectPaused(request="1", who="ann"), ProjectEnded(request="2", who="ann")
    home = home_with(tmp_path / "home", project(), queried(), paused, ended)

    assert names(error_line(labelloop("resume", "--home", home)), "mail-5e1f", "labelloop export")


def test_texts_are_asked_for_once_more(tmp_path: Path) -> None:
    labelled = home_with(tmp_path / "labelled", project(), queried("0"), all_answered("0"))

    said = ask(labelled, "relabel", "2", "0", "2", "--why", "new guidelines")

    assert names(said, 2, "mail-5e1f")
    name, data = appended(labelled)[-1]
    assert (name, data["items"], data["why"]) == ("RelabelRequested", [2, 0], "new guidelines")
    assert names(error_line(labelloop("relabel", "0", "--home", labelled)), 0, "mail-5e1f")
    assert names(error_line(labelloop("relabel", "30", "--home", labelled)), 30, "mail-5e1f")
    assert names(error_line(labelloop("relabel", "--home", labelled)), "--noise")
    ask(labelled, "end")
    assert names(error_line(labelloop("relabel", "1", "--home", labelled)), "labelloop fork")
