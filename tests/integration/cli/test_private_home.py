"""Who else on a machine may read what commands write, and a home that may only be read."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.doctor import OK, WARN
from labelloop.doctor.machine import check_home
from labelloop.log import open_log
from tests.support.command import error_line, labelloop
from tests.support.disks import read_only
from tests.support.messages import names
from tests.support.tiny_bert import QUICK
from tests.support.users import nobody

OTHERS = 0o077


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    file = tmp_path / "mail.csv"
    file.write_text("text,label\nwin a prize,spam\nlunch?,ham\ncheap pills,\nmoved to 3pm,\n")
    return file


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    with tempfile.TemporaryDirectory(prefix="labelloop-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def init(home: Path, mail: Path, *more: object) -> None:
    """Make a home with a project, whose batch 0 is done."""
    options = ("--label-column", "label", "--batch-size", 2, *QUICK)
    made = labelloop("import", mail, "--home", home, *options, *more)
    assert made.exit_code == 0, made.output


def modes(folder: Path) -> dict[str, int]:
    """The mode of each file under the folder."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}


def test_others_can_read_no_file_of_a_new_home(tmp_path: Path, mail: Path) -> None:
    home = tmp_path / "home"
    init(home, mail)

    labelloop("export", "--home", home)
    labelloop("export", "--home", home, "--format", "datasets")

    written = modes(home)
    assert {"home.json", "log.sqlite"} < written.keys()
    assert [name for name, mode in written.items() if mode & OTHERS] == []
    assert home.stat().st_mode & 0o777 == 0o700


def test_an_export_that_the_user_places_has_the_users_umask(tmp_path: Path, mail: Path) -> None:
    init(tmp_path / "home", mail)

    labelloop("export", "--home", tmp_path / "home", "--output", tmp_path / "labels.csv")

    assert (tmp_path / "labels.csv").stat().st_mode & 0o777 == 0o644


def test_a_shared_home_and_a_store_elsewhere_stay_as_open_as_they_are(tmp_path: Path, mail: Path) -> None:
    shared, store = tmp_path / "shared", tmp_path / "store"
    for folder in (shared, store):
        folder.mkdir()
        folder.chmod(0o775)

    init(shared, mail, "--store", store)

    assert shared.stat().st_mode & 0o777 == store.stat().st_mode & 0o777 == 0o775
    assert modes(shared)["log.sqlite"] == 0o644


def test_doctor_tells_of_a_home_that_others_can_read(reachable: Path, mail: Path) -> None:
    private, older = reachable / "private", reachable / "older"
    init(private, mail)
    older.mkdir()
    older.chmod(0o755)
    init(older, mail)

    (of_private,), (of_older,) = (check_home(home, is_needed=True) for home in (private, older))

    assert of_private.level == OK
    assert of_older.level == WARN
    assert names(of_older.said, older, "755", f"chmod -R go= {older}")


READING = (
    ("status", "--json"),
    ("export", "--output", "-"),
    ("events", "--json"),
    ("replay", "--verify", "--json"),
)


def test_a_home_that_can_only_be_read_shows_the_same(tmp_path: Path, mail: Path) -> None:
    home = tmp_path / "home"
    init(home, mail)
    expected = [labelloop(command, "--home", home, *more).stdout for command, *more in READING[1:]]

    with read_only(home) as folder:
        files = sorted(folder.rglob("*"))
        shown = [labelloop(command, "--home", folder, *more) for command, *more in READING]
        refused = labelloop("pause", "--home", folder)

        assert sorted(folder.rglob("*")) == files
    assert [result.exit_code for result in shown] == [0] * len(READING)
    assert [result.stdout.replace(str(folder), str(home)) for result in shown[1:]] == expected
    (project,) = json.loads(shown[0].stdout)["projects"]
    assert project["batches"]["done"] == 1
    assert names(error_line(refused), folder / "log.sqlite")


def test_another_user_sees_a_running_home_that_is_open_to_her(reachable: Path, mail: Path) -> None:
    home = reachable / "home"
    home.mkdir()
    home.chmod(0o755)
    init(home, mail)
    log = open_log(open_home(home).log_url)

    with nobody(home):
        shown = [labelloop(command, "--home", home) for command in ("status", "events")]
    asyncio.run(log.close())

    assert [(result.exit_code, result.stderr) for result in shown] == [(0, "")] * 2
    assert [path.name for path in home.glob("log.sqlite*")] == ["log.sqlite"]
