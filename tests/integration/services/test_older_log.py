"""An older log under a newer Argilla and newer models: the loop goes on as people saw it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.log.sqlite.log import back_up
from labelloop.loop.labels import current
from labelloop.loop.state import LoopState
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Found, Owner, Person, label_all
from tests.support.states import LABELS

SERVICES = ("querier", "annotation_watcher", "trainer")
SIZE = 6


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


class Scene:
    """The log is backed up in the midst of batch 1. People go on into batch 3; then the old log is back.

    Meanwhile somebody changed answers, so that models that are trained again pick otherwise.
    """

    def __init__(self, folder: Path, argilla: ArgillaServer) -> None:
        self.argilla = argilla
        self.ann = Person(argilla)
        self.store, self.log = folder / "before" / "store", folder / "log.sqlite"
        with a_loop(folder / "before", argilla) as loop:
            loop.start(*SERVICES)
            self.project = loop.create(texts(10 * SIZE), batch_size=SIZE, audit_share=0.3, lookahead=0)
            self.owner = Owner(argilla, self.project)
            self.label(loop, 0)
            self.answer_first(loop, 1)
            back_up(loop.home / "log.sqlite", self.log)
            for batch in (1, 2):
                self.label(loop, batch)
            self.answer_first(loop, 3)
            for item, record in list(self.owner.records(0).items())[:3]:
                self.ann.answer(record["id"], gold(item + 1))
            self.before = loop.wait(self.project, lambda state: len(state.batches["0"].revisions) > 1)
        self.answers = self.answers_now()

    def answers_now(self) -> list[object]:
        return [self.owner.answers(number) for number in range(4)]

    def shown(self, loop: Loop, batch: int) -> Found:
        """The batch's records, once all are there."""
        loop.until(lambda: len(self.owner.records(batch)) == SIZE)
        return self.owner.records(batch)

    def label(self, loop: Loop, batch: int) -> LoopState:
        label_all(self.ann, self.shown(loop, batch), gold)
        return loop.wait(self.project, lambda state: state.batches[str(batch)].done)

    def answer_first(self, loop: Loop, batch: int) -> None:
        """Ann answers the batch's first text, and the log knows."""
        records = self.shown(loop, batch)
        item = next(item for item, record in records.items() if record["metadata"]["rank"] == 0)
        self.ann.answer(records[item]["id"], gold(item))
        loop.wait(self.project, lambda state: state.batches[str(batch)].answers)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Scene:
    return Scene(tmp_path_factory.mktemp("older"), argilla_server)


@pytest.fixture
def restored(scene: Scene) -> Iterator[Loop]:
    """A loop with the old log, and with Argilla and the models as they are now."""
    home = scene.log.parent / "after"
    with a_loop(home, scene.argilla, store=str(scene.store), log=f"sqlite:///{scene.log}") as loop:
        loop.start("annotation_watcher")
        loop.wait(scene.project, lambda state: len(state.batches["0"].revisions) > 1)
        loop.start("querier", "trainer")
        yield loop


def items(state: LoopState, batch: str) -> list[tuple[int, str]]:
    return [(picked.item, picked.reason) for picked in state.batches[batch].queried.items]


@pytest.mark.all_cells
def test_what_people_were_asked_meanwhile_is_not_asked_again(scene: Scene, restored: Loop) -> None:
    state = restored.wait(scene.project, lambda state: "3" in state.batches)

    for batch in scene.before.batches:
        assert items(state, batch) == items(scene.before, batch)
        assert set(scene.owner.records(int(batch))) == state.batches[batch].items
    state = restored.wait(scene.project, lambda state: state.batches["3"].answers)
    assert current(state) == current(scene.before)
    assert scene.answers_now() == scene.answers
    for said in restored.payloads(scene.project, "BatchAnnotated"):
        assert all(item.labels for item in said.items), "nothing counts as withdrawn"
    # And it goes on, with texts that nobody was asked for.
    scene.label(restored, 3)
    state = restored.wait(scene.project, lambda state: "4" in state.batches)
    asked = [item for batch in state.batches.values() for item in batch.items]
    assert len(asked) == len(set(asked)) == 5 * SIZE
    assert not state.failures
    where = ("--log", restored.settings.log, "--store", str(scene.store), "--json")
    proof = labelloop("replay", "--project", scene.project, "--verify", *where)
    assert proof.exit_code == 0, proof.output
