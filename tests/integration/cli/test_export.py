"""`labelloop export` of a home whose log was written by a test."""

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from labelloop.log import open_log
from labelloop.projects.formats import read_rows
from schemas.envelope import new_event
from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.states import annotated, answered, queried, vote
from tests.support.tiny_bert import QUICK

EVENTS = 3
OUTPUTS = ["labels.jsonl", "labels.csv", "labels.parquet", "labels/"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four texts, two of which are answered: one discarded."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "mail.csv").write_text("text\nwin a prize\nlunch?\ncheap pills\nmoved to 3pm\n")
    data = ("--dataset", folder / "mail.csv", "--labels", "spam,ham", "--batch-size", 2, *QUICK)
    project = json.loads(labelloop("init", "--home", folder / "home", *data, "--json").stdout)["project"]
    done = annotated(
        answered(2, vote("ann", "spam"), vote("bob", "ham")), answered(0, vote("ann"), discarded=True)
    )
    asyncio.run(_append(folder / "home", project, queried("0", (2, 0)), done))
    return folder / "home"


async def _append(home: Path, project: str, *told: Any) -> None:
    log = open_log(open_home(home).log_url)
    await log.append(*(new_event(project, data, source="tests") for data in told))
    await log.close()


def test_each_format_holds_the_same_rows(home: Path, tmp_path: Path) -> None:
    found = []
    for output in OUTPUTS:
        target = f"{tmp_path}/{output}"
        said = json.loads(labelloop("export", "--home", home, "--output", target, "--json").stdout)
        assert (said["file"], said["rows"], said["labels"]) == (target, 2, 1)
        origin = json.loads(Path(f"{target.rstrip('/')}.log.json").read_text(encoding="utf-8"))
        assert origin == {"project": said["project"], **said["log"]}
        assert said["log"]["events"] == EVENTS
        found.append(read_rows(target))

    assert [(row["text"], row["label"], row["discarded"]) for row in found[0]] == [
        ("cheap pills", "spam", False),
        ("win a prize", None, True),
    ]
    assert all(rows == found[0] for rows in found)


def test_without_an_output_it_lies_in_the_home_under_the_project(home: Path) -> None:
    for kind, ending in (("jsonl", ".jsonl"), ("parquet", ".parquet"), ("datasets", "")):
        said = json.loads(labelloop("export", "--home", home, "--format", kind, "--json").stdout)
        assert said["file"] == str(home / "exports" / f"{said['project']}{ending}")
        assert len(read_rows(said["file"], kind)) == 2


def test_a_file_of_somebody_else_is_left_as_it_is(home: Path, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "mail.csv", tmp_path / "labels.csv"
    theirs.write_text("text\nirreplaceable\n")

    refused = labelloop("export", "--home", home, "--output", theirs)

    assert (refused.exit_code, names(error_line(refused), theirs, "--output")) == (2, True)
    assert theirs.read_text() == "text\nirreplaceable\n"
    for _ in range(2):
        assert labelloop("export", "--home", home, "--output", ours).exit_code == 0


def test_a_name_without_ending_is_refused_unless_the_format_is_given(home: Path, tmp_path: Path) -> None:
    refused = labelloop("export", "--home", home, "--output", tmp_path / "labels")
    assert names(error_line(refused), tmp_path / "labels.jsonl", "--format")
    assert list(tmp_path.iterdir()) == []

    folder = labelloop("export", "--home", home, "--output", tmp_path / "labels", "--format", "datasets")
    assert folder.exit_code == 0
    assert len(read_rows(tmp_path / "labels")) == 2


def test_the_terminal_takes_text_only(home: Path) -> None:
    said = labelloop("export", "--home", home, "--output", "-", "--format", "csv")

    assert said.stdout.splitlines()[0].startswith("text,label,labels,")
    refused = labelloop("export", "--home", home, "--output", "-", "--format", "parquet")
    assert names(error_line(refused), "parquet", "--output")


def test_what_a_spreadsheet_would_run_is_told_or_made_safe_and_imported_as_it_was(tmp_path: Path) -> None:
    home, labels, again = tmp_path / "home", tmp_path / "labels.csv", tmp_path / "again"
    rows = [("=1+1", "+"), ("-5", "="), ("x;=1+1", "+")]
    (tmp_path / "mail.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    options = ("--batch-size", 2, *QUICK)
    made = labelloop("import", tmp_path / "mail.csv", "--home", home, *options)
    assert made.exit_code == 0, made.output
    export = ("export", "--home", home, "--format", "csv")

    as_given = labelloop(*export, "--output", "-")
    assert names(as_given.stderr, "4 cells", "--safe-for-spreadsheets")
    assert [(row["text"], row["label"]) for row in csv.DictReader(as_given.stdout.splitlines())] == rows
    told = labelloop(*export, "--output", labels, "--safe-for-spreadsheets")
    assert (told.exit_code, told.stderr) == (0, "")
    on_terminal = labelloop(*export, "--output", "-", "--safe-for-spreadsheets")
    assert on_terminal.stdout.splitlines() == labels.read_text(encoding="utf-8").splitlines()
    assert "'=1+1" in on_terminal.stdout

    assert labelloop("import", labels, "--home", again, *options).exit_code == 0
    assert [(row["text"], row["label"]) for row in read_rows(_exported(again))] == rows
    refused = labelloop("export", "--home", home, "--safe-for-spreadsheets")
    assert names(error_line(refused), "--safe-for-spreadsheets", "--format csv")


def _exported(home: Path) -> str:
    return str(json.loads(labelloop("export", "--home", home, "--json").stdout)["file"])
