"""A loop whose people and whose log are of strangers' packages: no Argilla, and another scheme."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from labelloop.oracle.base import AskedText
from labelloop.oracle.entries import Entries, TypedEntries
from labelloop.oracle.mapping import MappingRecords
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
    loop = ServiceLoop(tmp_path, log="team://mail", argilla_url="", argilla_key="", oracle="office")
    yield loop
    loop.close()


class Clerks:
    """The people of the office, and a hand on its file."""

    def __init__(self, project: str) -> None:
        self.entries: Entries = import_module("office").Table(project)
        self._records = MappingRecords(self.entries)
        self._typed = TypedEntries(self.entries)

    def records(self, batch: str) -> dict[int, str]:
        """The ids of the batch's records by pool item."""
        return {record.item: record.id for record in self._typed.records(batch)}

    def hire(self, name: str) -> str:
        return self._typed.make_account(name)

    def answer(self, record: str, name: str, label: str) -> None:
        self._records.answer(record, name, [label])

    def take_back(self, record: str, name: str) -> None:
        self._records.take_back(record, name)

    def shown(self, batch: str) -> list[AskedText]:
        return [asked for asked in self._records.asked().values() if asked.batch == batch]

    def answers(self, batch: str) -> dict[tuple[int, str], tuple[str, ...]]:
        """The labels by item and the name of the account."""
        return {
            (asked.item, vote.username): vote.labels for asked in self.shown(batch) for vote in asked.votes
        }


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def label_batch(loop: ServiceLoop, clerks: Clerks, project: str, batch: str, name: str) -> LoopState:
    size = loop.state(project).project
    assert size is not None
    loop.until(lambda: len(clerks.records(batch)) == size.batch_size)
    for item, record in clerks.records(batch).items():
        clerks.answer(record, name, gold(item))
    return loop.wait(project, lambda state: state.batches[batch].done)


def test_a_loop_learns_from_an_office_and_goes_on_where_its_services_were_killed(loop: ServiceLoop) -> None:
    project = loop.create(texts(30), batch_size=6, max_batches=3)
    loop.start(*SERVICES)
    clerks = Clerks(project)
    loop.until(lambda: len(clerks.records("0")) == 6)
    ann = clerks.hire("ann")

    state = label_batch(loop, clerks, project, "0", "ann")
    votes = {answer.item: answer for answer in state.batches["0"].revisions[0].items}
    assert {item: answer.record for item, answer in votes.items()} == clerks.records("0")
    assert {(vote.username, vote.user) for answer in votes.values() for vote in answer.votes} == {
        ("ann", ann)
    }
    for service in SERVICES:
        loop.kill(service)
    loop.start(*SERVICES)
    label_batch(loop, clerks, project, "1", "ann")
    label_batch(loop, clerks, project, "2", "ann")
    state = loop.wait(project, finished)

    assert sorted(state.models) == ["0", "1", "2"]
    assert state.batches["2"].queried.model == "0"
    shown = clerks.shown("2")
    assert {(asked.model, asked.reason) for asked in shown} == {("0", "uncertain")}
    assert all(asked.suggestion for asked in shown)


@pytest.mark.all_cells
def test_what_an_office_lost_is_put_back_and_what_was_taken_back_is_not(loop: ServiceLoop) -> None:
    project = loop.create(texts(12), batch_size=3, max_batches=2)
    loop.start("querier", "annotation_watcher")
    clerks = Clerks(project)
    loop.until(lambda: len(clerks.records("0")) == 3)
    label_batch(loop, clerks, project, "0", "ann")
    lost, withdrawn, bobs = sorted(clerks.records("0"))
    clerks.answer(clerks.records("0")[bobs], "bob", gold(bobs))
    loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)

    clerks.take_back(clerks.records("0")[withdrawn], "ann")
    state = loop.wait(project, lambda state: len(state.batches["0"].revisions) == 3)
    assert {answer.item: answer.labels for answer in state.batches["0"].revisions[-1].items} == {
        lost: (gold(lost),),
        withdrawn: (),
        bobs: (gold(bobs),),
    }
    before = clerks.records("0")[lost]
    del clerks.entries[f"record.0.{lost}"]
    del clerks.entries["account.bob"]
    answered = {(lost, "ann"), (bobs, "ann"), (bobs, "bob")}
    loop.until(lambda: set(clerks.answers("0")) == answered)

    assert clerks.records("0")[lost] != before
    # What was put back needs no revision; the next one is that of a new answer.
    other = next(label for label in LABELS if label != gold(lost))
    clerks.answer(clerks.records("0")[lost], "ann", other)
    state = loop.wait(project, lambda state: _label(state, lost) == other)
    assert len(state.batches["0"].revisions) == 4
    assert {answer.item: len(answer.votes) for answer in state.batches["0"].revisions[-1].items} == {
        lost: 1,
        withdrawn: 0,
        bobs: 2,
    }


def _label(state: LoopState, item: int) -> str:
    """The label of a text of batch 0 by its last revision."""
    (labels,) = (answer.labels for answer in state.batches["0"].revisions[-1].items if answer.item == item)
    return "".join(labels)
