"""Commands on a log and a store elsewhere: with no home at all, and with one that is left as it is."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labelloop.oracle.argilla import Argilla, DatasetSpec, NewRecord
from tests.support.argilla_server import ArgillaServer
from tests.support.command import PATIENCE, error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import QUICK

TEXTS = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm"]


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    rows = "".join(f"{text},{kind}\n" for text, kind in zip(TEXTS, ["spam", "ham"] * 2, strict=True))
    (tmp_path / "mail.csv").write_text("text,label\n" + rows)
    return tmp_path / "mail.csv"


@pytest.fixture
def team(tmp_path: Path) -> dict[str, str]:
    """Where a team's log and store are."""
    return {
        "LABELLOOP_LOG": f"sqlite:///{tmp_path}/team/log.sqlite",
        "LABELLOOP_STORE": f"{tmp_path}/team/store",
    }


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run; nothing is in it."""
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    return tmp_path / "nowhere"


def said(*arguments: object, environment: Mapping[str, str]) -> str:
    result = labelloop(*arguments, environment=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def init(mail: Path, environment: Mapping[str, str]) -> str:
    """A project of these mails; its id."""
    made = json.loads(
        said("init", "--dataset", mail, "--batch-size", 2, *QUICK, "--json", environment=environment)
    )
    return str(made["project"])


def test_the_environment_alone_is_enough(nowhere: Path, mail: Path, team: dict[str, str]) -> None:
    project = init(mail, team)

    said("pause", "--why", "lunch", environment=team)
    found = json.loads(said("status", "--json", environment=team))
    assert (found["home"], found["running"], found["log"]) == (None, None, team["LABELLOOP_LOG"])
    assert [(each["project"], each["paused"]) for each in found["projects"]] == [(project, True)]
    said("resume", environment=team)
    assert names(error_line(labelloop("close", "0", environment=team)), 0, project)
    said("end", environment=team)
    assert said("export", environment=team) == ""
    events = [json.loads(line) for line in said("events", "--json", environment=team).splitlines()]
    assert [event["type"].split(".")[1] for event in events] == [
        "ProjectCreated",
        "ProjectPaused",
        "ProjectResumed",
        "ProjectEnded",
    ]
    assert list(nowhere.iterdir()) == []


def test_people_are_let_in_without_a_home(
    nowhere: Path, mail: Path, team: dict[str, str], argilla_server: ArgillaServer
) -> None:
    environment = team | {
        "LABELLOOP_ARGILLA_URL": argilla_server.url,
        "LABELLOOP_ARGILLA_KEY": argilla_server.login.api_key,
    }
    init(mail, team)

    added = json.loads(said("annotators", "add", "grace", "--json", environment=environment))

    assert added["url"] == argilla_server.url
    listed = json.loads(said("annotators", "list", "--json", environment=environment))
    assert ("grace", 0) in [(user["username"], user["labels"]) for user in listed]
    without = labelloop("annotators", "list", "--json", environment=team)
    assert json.loads(without.stdout) == []
    assert names(without.stderr, "--argilla-url", "--argilla-key")
    assert list(nowhere.iterdir()) == []


@pytest.mark.all_cells
def test_simulated_annotators_wait_for_their_project(
    nowhere: Path, mail: Path, team: dict[str, str], argilla_server: ArgillaServer
) -> None:
    access = {
        "LABELLOOP_ARGILLA_URL": argilla_server.url,
        "LABELLOOP_ARGILLA_KEY": argilla_server.login.api_key,
    }
    said("init", "--dataset", mail, "--name", "another", "--batch-size", 2, *QUICK, environment=team)
    command = [sys.executable, "-m", "labelloop.oracle.simulated", "--project", "mail", "--annotators", "2"]
    process = subprocess.Popen([*command, "--stop-with-parent"], env={**os.environ, **team, **access})
    try:
        project = init(mail, team)

        answers = asyncio.run(answered(argilla_server, project))

        assert answers == {0: {("spam",)}, 1: {("ham",)}, 2: {("spam",)}, 3: {("ham",)}}
    finally:
        process.terminate()
        code = process.wait(30)
    assert code == 0


def test_a_home_is_left_as_it_is_by_a_log_that_is_given(
    tmp_path: Path, mail: Path, team: dict[str, str]
) -> None:
    home = tmp_path / "home"
    own = json.loads(
        said("init", "--home", home, "--dataset", mail, "--batch-size", 2, *QUICK, "--json", environment={})
    )

    theirs = init_in(home, mail, team)

    assert projects(home, {}) == [own["project"]]
    assert projects(home, team) == [theirs]


def test_a_log_of_another_home_is_not_taken_for_one_that_was_emptied(
    tmp_path: Path, mail: Path, team: dict[str, str]
) -> None:
    home = tmp_path / "home"
    theirs = init_in(home, mail, {"LABELLOOP_LOG": team["LABELLOOP_LOG"]})
    (home / "store" / theirs / "models" / "0").mkdir(parents=True)

    assert projects(home, {"LABELLOOP_LOG": team["LABELLOOP_LOG"]}) == [theirs]
    assert names(error_line(labelloop("status", "--home", home)), theirs, home / "log.sqlite")


@pytest.mark.parametrize("command", ["status", "events", "export", "curve", "pause"])
def test_a_log_that_is_not_there_is_told_and_not_made(nowhere: Path, tmp_path: Path, command: str) -> None:
    line = error_line(labelloop(command, "--log", f"sqlite:///{tmp_path}/typo.sqlite"))

    assert names(line, f"{tmp_path}/typo.sqlite", "--log")
    assert not (tmp_path / "typo.sqlite").exists()


@pytest.mark.parametrize(
    ("url", "example"),
    [
        ("redis://host", "sqlite:///path/to/log.sqlite"),
        ("kafka://", "kafka://host:9092,host:9092/prefix"),
        ("kafka://host", "kafka://host:9092,host:9092/prefix"),
    ],
)
def test_a_url_that_is_no_log_is_told(nowhere: Path, url: str, example: str) -> None:
    for command in (["status"], ["up", "--name", "mail"], ["demo"]):
        assert names(error_line(labelloop(*command, "--log", url)), url, example)


async def answered(server: ArgillaServer, project: str) -> dict[int, set[tuple[str, ...]]]:
    """The mails as a batch in Argilla, and what each was answered once all were."""
    async with Argilla(server.url, server.login.api_key) as argilla, asyncio.timeout(PATIENCE):
        dataset = await argilla.ensure_dataset(DatasetSpec(project, ("ham", "spam")))
        batch = [
            NewRecord(f"0:{item}", {"text": text}, {"batch": 0, "rank": item, "item": item})
            for item, text in enumerate(TEXTS)
        ]
        await argilla.put_records(dataset, batch)
        records = await argilla.records(dataset, batch=0)
        while not all(record.responses for record in records):
            records = await argilla.records(dataset, batch=0)
    return {
        int(record.metadata["item"]): {response.labels for response in record.responses} for record in records
    }


def init_in(home: Path, mail: Path, environment: Mapping[str, str]) -> str:
    made = json.loads(
        said(
            "init",
            "--home",
            home,
            "--dataset",
            mail,
            "--batch-size",
            2,
            *QUICK,
            "--json",
            environment=environment,
        )
    )
    return str(made["project"])


def projects(home: Path, environment: Mapping[str, str]) -> list[Any]:
    found = json.loads(said("status", "--home", home, "--json", environment=environment))
    return [project["project"] for project in found["projects"]]
