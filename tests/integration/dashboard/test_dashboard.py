"""The dashboard as a process on both logs: it follows, is killed, goes on, and notices another log."""

import random
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from labelloop.errors import UserError
from schemas.envelope import new_event
from schemas.events import ProjectPaused
from services.dashboard.read_model_schema import FILE
from tests.support.command import eventually
from tests.support.dashboard_process import DashboardProcess, a_dashboard
from tests.support.log_thread import LogThread
from tests.support.logs import some_event
from tests.support.matrices import cells
from tests.support.states import PROJECT, all_answered, project, queried, recorded, vote, votes

FACTS = (project(), queried(), recorded(votes(0, vote("ann", "spam"))), all_answered())


@pytest.fixture(params=["sqlite", "kafka"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "kafka":
        return f"kafka://{request.getfixturevalue('kafka')}/test-{secrets.token_hex(4)}"
    return f"sqlite:///{tmp_path / 'log.sqlite'}"


@pytest.fixture
def writer(log: str) -> Iterator[LogThread]:
    with closing(LogThread(log)) as thread:
        thread.append(*(new_event(PROJECT, fact, source="tests") for fact in FACTS))
        yield thread


def count(dashboard: DashboardProcess) -> int:
    """How many events it says that it read."""
    said = re.search(r'id="count">([\d\u202f]+) events', dashboard.page("/events"))
    assert said is not None
    return int(said[1].replace("\u202f", ""))


def kept(state: Path) -> list[tuple[str, int]]:
    """The id of each event that is kept, and how often it is."""
    with closing(sqlite3.connect(state / FILE)) as connection:
        return connection.execute("SELECT id, count(*) FROM events GROUP BY id").fetchall()


def test_what_happens_is_on_the_page(log: str, writer: LogThread, tmp_path: Path) -> None:
    with a_dashboard(log, tmp_path / "state") as dashboard:
        eventually(lambda: 'data-figure="labels">3<' in dashboard.page("/"), "the labels are counted")

        writer.append(new_event(PROJECT, ProjectPaused(request="1", who="ada", why=""), source="tests"))

        eventually(lambda: "paused" in dashboard.page("/"), "the pause is shown")
        assert dashboard.stop() == 0


@pytest.mark.parametrize("log", cells("sqlite", rest=["kafka"]), indirect=True)
def test_kills_lose_and_double_nothing(log: str, writer: LogThread, tmp_path: Path) -> None:
    written = len(FACTS)
    with a_dashboard(log, tmp_path / "state") as dashboard:
        for life in range(4):
            events = [some_event(PROJECT, life * 300 + number) for number in range(300)]
            writer.append(*events[:150])
            if life % 2:
                time.sleep(random.Random(life).random() / 2)
            dashboard.kill()
            writer.append(*events[150:])
            written += 300
            dashboard.start()
        eventually(lambda: count(dashboard) == written, "all is read")

    assert sorted(number for _, number in kept(tmp_path / "state")) == [1] * written


def test_another_log_at_the_address_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = f"sqlite:///{tmp_path / 'log.sqlite'}"
    with closing(LogThread(log)) as before:
        before.append(*(some_event("gone", number) for number in range(20)))
        with a_dashboard(log, tmp_path / "state") as dashboard:
            eventually(lambda: count(dashboard) == 20, "all is read")
    for file in tmp_path.glob("log.sqlite*"):
        file.unlink()

    with closing(LogThread(log)) as after:
        after.append(*(some_event("new", number) for number in range(5)))
        with a_dashboard(log, tmp_path / "state") as dashboard:
            eventually(lambda: count(dashboard) == 5, "the other log is read")
            assert "gone" not in dashboard.page("/events")


def test_an_older_copy_of_the_log_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = f"sqlite:///{path}"
    with closing(LogThread(log)) as writer:
        writer.append(*(some_event("p", number) for number in range(5)))
    copy = path.read_bytes()
    with closing(LogThread(log)) as writer:
        writer.append(*(some_event("p", number) for number in range(5, 9)))
        with a_dashboard(log, tmp_path / "state") as dashboard:
            eventually(lambda: count(dashboard) == 9, "all is read")
    for file in tmp_path.glob("log.sqlite*"):
        file.unlink()
    path.write_bytes(copy)

    with closing(LogThread(log)) as writer:
        writer.append(*(some_event("p", number) for number in range(100, 102)))
        with a_dashboard(log, tmp_path / "state") as dashboard:
            eventually(lambda: count(dashboard) == 7, "the copy is read from its beginning")


def test_a_dashboard_without_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from labelloop.config.dashboard import DashboardSettings

    with pytest.raises(UserError):
        DashboardSettings.from_environment({"LABELLOOP_LOG": "sqlite:///x"})
