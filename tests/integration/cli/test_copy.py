"""`labelloop copy` and `labelloop skip` as they are typed."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import QUICK


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to be copied: its model is tried once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    mail = folder / "mail.csv"
    mail.write_text("text,label\nwin a prize,spam\nlunch at noon?,ham\ncheap pills,spam\n")
    result = labelloop("init", "--home", folder / "home", "--dataset", mail, "--batch-size", 2, *QUICK)
    assert result.exit_code == 0, result.output
    return folder / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A home with one project."""
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELLOOP_STORE", raising=False)


def projects(home: Path) -> list[dict[str, object]]:
    said = json.loads(labelloop("status", "--home", home, "--json").stdout)
    return list(said["projects"])


def test_from_one_home_to_another_and_back_by_their_folders(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (tmp_path / "news.csv").write_text("text,label\na,x\nb,y\n")
    labelloop("init", "--home", other, "--dataset", tmp_path / "news.csv", "--batch-size", 1, *QUICK)

    first = labelloop("copy", home, other, "--json")
    assert first.exit_code == 0, first.output
    said = json.loads(first.stdout)
    assert (said["events"], said["snapshots"]) == (2, 1)
    assert said["source_digest"] == said["target_digest"]
    assert f"sqlite:///{other}" in labelloop("status", "--home", home).stdout
    assert [each["moved"] for each in projects(other)] == [None, None]
    assert names(error_line(labelloop("pause", "--home", home)), f"sqlite:///{other}", "--log")

    back = labelloop("copy", other, home, "--project", "mail")
    assert back.exit_code == 0, back.output
    assert names(back.stdout, str(projects(home)[0]["digest"]))
    assert [each["moved"] for each in projects(home)] == [None]
    assert labelloop("pause", "--home", home).exit_code == 0


def test_a_home_that_is_not_there_is_made(home: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"

    moved = labelloop("copy", home, new)

    assert moved.exit_code == 0, moved.output
    assert [each["moved"] for each in projects(new)] == [None]
    assert new.stat().st_mode & 0o777 == 0o700
    told = error_line(labelloop("copy", tmp_path / "nowhere", tmp_path / "newer"))
    assert names(told, tmp_path / "nowhere")
    assert not names(told, "--home")
    assert not (tmp_path / "newer").exists()


def test_a_log_in_no_home_needs_its_store(home: Path, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/team.sqlite"

    told = error_line(labelloop("copy", home, target))

    assert names(told, target, "--to-store", "LABELLOOP_STORE")
    assert projects(home)[0]["moved"] is None
    assert not (tmp_path / "team.sqlite").exists()
    environment = {"LABELLOOP_STORE": str(tmp_path / "store")}
    assert labelloop("copy", home, target, environment=environment).exit_code == 0


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [
        ("{tmp}/nowhere", "{tmp}/other.sqlite", "{tmp}/nowhere"),
        ("sqlite:///{tmp}/nowhere.sqlite", "sqlite:///{tmp}/other.sqlite", "{tmp}/nowhere.sqlite"),
        ("{tmp}/home", "{tmp}/home", "sqlite:///{tmp}/home/log.sqlite"),
        ("{tmp}/home", "mysql://host", "mysql://host"),
    ],
)
def test_what_cannot_be_copied_is_told(
    source: str, target: str, told: str, home: Path, tmp_path: Path
) -> None:
    locations = [place.format(tmp=tmp_path) for place in (source, target)]

    assert names(error_line(labelloop("copy", *locations)), told.format(tmp=tmp_path))


def test_a_project_that_is_not_there_makes_no_log(home: Path, tmp_path: Path) -> None:
    assert names(error_line(labelloop("copy", home, tmp_path / "new", "--project", "mial")), "'mial'")
    assert not (tmp_path / "new" / "log.sqlite").exists()

    assert labelloop("copy", home, tmp_path / "new", "--project", "mail").exit_code == 0


def test_an_event_that_was_damaged_is_skipped_by_its_id_or_its_place(home: Path) -> None:
    labelloop("pause", "--home", home)
    labelloop("resume", "--home", home)
    with closing(sqlite3.connect(home / "log.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET data = replace(data, 'who', 'how')")
        connection.execute("UPDATE events SET data = cast(data AS BLOB)")
    result = labelloop("status", "--home", home)
    assert result.exit_code == 2
    place = result.stderr.partition("(")[2].partition(")")[0]
    assert place == "partition 0, offset 2"

    for elsewhere in ("2", "1:2", "0:3", "0:2:1", "place 0:2"):
        assert names(error_line(labelloop("skip", elsewhere, "--home", home)), elsewhere)

    for where in (place, "0:3"):
        assert names(labelloop("skip", where, "--home", home).stdout, where)

    assert labelloop("status", "--home", home).exit_code == 0
    assert names(error_line(labelloop("skip", "1", "--home", home)), 1)
