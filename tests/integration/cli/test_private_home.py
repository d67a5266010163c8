"""Who else on a machine may read what commands write."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.doctor.finding import OK, WARN
from labelloop.doctor.machine import check_home
from labelloop.log import open_log
from schemas.envelope import new_event
from schemas.events import EventData
from tests.support.command import labelloop
from tests.support.messages import names
from tests.support.states import annotated, answered, queried, vote

OTHERS = 0o077


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    file = tmp_path / "mail.csv"
    file.write_text("text\nwin a prize\nlunch?\ncheap pills\nmoved to 3pm\n")
    return file


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    with tempfile.TemporaryDirectory(prefix="labelloop-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def init(home: Path, mail: Path, *more: object) -> str:
    """The id of a new project with one finished batch."""
    made = labelloop("init", "--home", home, "--dataset", mail, "--labels", "spam,ham", "--batch-size", 2, *more, "--json")
    project = str(json.loads(made.stdout)["project"])
    given = queried("0", (2, 0)), annotated(answered(2, vote("ann", "spam")), answered(0, vote("ann", "ham")))
    asyncio.run(_append(home, project, *given))
    return project


async def _append(home: Path, project: str, *data: EventData) -> None:
    log = open_log(open_home(home).log_url)
    await log.append(*(new_event(project, each, source="tests") for each in data))
    await log.close()


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
