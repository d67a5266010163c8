"""A loop whose people and whose log are of strangers' packages: no Argilla, and another scheme."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from tests.support.loop import ServiceLoop, texts
from tests.support.states import LABELS
from tests.support.strangers import install_package

SERVICES = ("querier", "annotation_watcher", "trainer")


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the two packages are installed."""
    scratch = tmp_path_factory.mktemp("strangers")
    return ":".join(str(install_package(name, scratch)) for name in ("office", "team_logs"))


@pytest.fixture
def loop(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceLoop]:
    for folder in path.split(":"):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", path, prepend=":")
    monkeypatch.setenv("OFFICE_FILE", str(tmp_path / "office.sqlite"))
    monkeypatch.setenv("TEAM_LOGS", str(tmp_path))
    import_module("office").Office(tmp_path / "office.sqlite")
    loop = ServiceLoop(tmp_path, log="team://mail", argilla_url="", argilla_key="", oracle="office")
    yield loop
    loop.close()


class Clerks:
    """The people of the office, and a hand on its file."""

    def __init__(self, folder: Path, project: str) -> None:
        self._path = folder / "office.sqlite"
        self._project = project

    def do(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self._path, timeout=20)) as file, file:
            file.execute("PRAGMA foreign_keys = ON")
            return file.execute(statement, values).fetchall()

    def records(self, batch: str) -> dict[int, str]:
        """The ids of the batch's records by pool item."""
        found = "SELECT item, id FROM records WHERE project = ? AND batch = ?"
        return dict(self.do(found, self._project, batch))

    def hire(self, name: str) -> str:
        self.do("INSERT INTO accounts VALUES (?, ?)", f"id-{name}", name)
        return f"id-{name}"

    def answer(self, record: str, account: str, label: str) -> None:
        time = "2026-01-01T00:00:00+00:00"
        self.do(
            "INSERT OR REPLACE INTO votes VALUES (?, ?, 'submitted', ?, ?)",
            record,
            account,
            f'["{label}"]',
            time,
        )

    def answers(self, batch: str) -> dict[tuple[int, str], str]:
        """The labels, each in its brackets, by item and the name of the account."""
        found = (
            "SELECT item, username, labels FROM votes JOIN records ON records.id = record"
            " JOIN accounts ON accounts.id = account WHERE batch = ?"
        )
        return {(item, name): labels for item, name, labels in self.do(found, batch)}


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def label_batch(loop: ServiceLoop, clerks: Clerks, project: str, batch: str, account: str) -> LoopState:
    size = loop.state(project).project
    assert size is not None
    loop.until(lambda: len(clerks.records(batch)) == size.batch_size)
    for item, record in clerks.records(batch).items():
        clerks.answer(record, account, gold(item))
    return loop.wait(project, lambda state: state.batches[batch].done)


def test_a_loop_learns_from_an_office_and_goes_on_where_its_services_were_killed(loop: ServiceLoop) -> None:
    project = loop.create(texts(30), batch_size=6, max_batches=3)
    loop.start(*SERVICES)
    clerks = Clerks(loop.home, project)
    loop.until(lambda: len(clerks.records("0")) == 6)
    ann = clerks.hire("ann")

    state = label_batch(loop, clerks, project, "0", ann)
    votes = {answer.item: answer for answer in state.batches["0"].revisions[0].items}
    assert {item: answer.record for item, answer in votes.items()} == clerks.records("0")
    assert {(vote.username, vote.user) for answer in votes.values() for vote in answer.votes} == {
        ("ann", ann)
    }
    for service in SERVICES:
        loop.kill(service)
    loop.start(*SERVICES)
    label_batch(loop, clerks, project, "1", ann)
    label_batch(loop, clerks, project, "2", ann)
    state = loop.wait(project, finished)

    assert sorted(state.models) == ["0", "1", "2"]
    assert state.batches["2"].queried.model == "0"
    shown = clerks.do("SELECT model, reason, suggested FROM records WHERE batch = '2'")
    assert {(model, reason) for model, reason, _ in shown} == {("0", "uncertain")}
    assert all(suggested for _, _, suggested in shown)


@pytest.mark.all_cells
def test_what_an_office_lost_is_put_back_and_what_was_taken_back_is_not(loop: ServiceLoop) -> None:
    project = loop.create(texts(12), batch_size=3, max_batches=2)
    loop.start("querier", "annotation_watcher")
    clerks = Clerks(loop.home, project)
    loop.until(lambda: len(clerks.records("0")) == 3)
    ann, bob = clerks.hire("ann"), clerks.hire("bob")
    label_batch(loop, clerks, project, "0", ann)
    lost, withdrawn, bobs = sorted(clerks.records("0"))
    clerks.answer(clerks.records("0")[bobs], bob, gold(bobs))
    loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)

    clerks.do("DELETE FROM votes WHERE record = ?", clerks.records("0")[withdrawn])
    state = loop.wait(project, lambda state: len(state.batches["0"].revisions) == 3)
    assert {answer.item: answer.labels for answer in state.batches["0"].revisions[-1].items} == {
        lost: (gold(lost),),
        withdrawn: (),
        bobs: (gold(bobs),),
    }
    before = clerks.records("0")[lost]
    clerks.do("DELETE FROM records WHERE id = ?", before)
    clerks.do("DELETE FROM accounts WHERE id = ?", bob)
    answered = {(lost, "ann"), (bobs, "ann"), (bobs, "bob")}
    loop.until(lambda: set(clerks.answers("0")) == answered)

    assert clerks.records("0")[lost] != before
    state = loop.wait(
        project, lambda state: state.batches["0"].answers[0].record in clerks.records("0").values()
    )
    assert {answer.item: len(answer.votes) for answer in state.batches["0"].revisions[-1].items} == {
        lost: 1,
        withdrawn: 0,
        bobs: 2,
    }
