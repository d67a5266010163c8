"""Records, an annotator's account and the whole data set deleted in the middle of a batch: all come back."""

from collections.abc import Callable, Iterator

import pytest

from labelloop.loop.labels import current
from labelloop.loop.state import LoopState
from labelloop.store import open_store
from schemas.events import BatchAnnotated, ResponsesRecorded
from tests.support.argilla_server import ArgillaServer
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.loop import Loop, a_loop, texts
from tests.support.matrices import cells, selected
from tests.support.people import Found as Records
from tests.support.people import Owner, Person, label_all
from tests.support.simulated import simulated_annotators

Answers = dict[tuple[int, str], tuple[str, str | None]]
SIZE = 8
LOOKS = 20  # so many requests reach every batch of a project once


@pytest.fixture(scope="module")
def proxy(argilla_server: ArgillaServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(argilla_server.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def loop(
    tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer, proxy: FaultyProxy
) -> Iterator[Loop]:
    """One for all tests, each with a project of its own."""
    with a_loop(tmp_path_factory.mktemp("deletions"), argilla_server, proxy.url) as loop:
        loop.start("querier", "annotation_watcher")
        yield loop


class Scene:
    """Batch 0 is done by Ann; of batch 1, Ann and Bob have answered some, and the log knows.

    In steps, each with what to wait for: several scenes wait together.
    """

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.project = loop.create(texts(2 * SIZE), batch_size=SIZE, max_batches=2)
        self.owner = Owner(loop.argilla, self.project)
        self.ann, self.bob = Person(loop.argilla), Person(loop.argilla)
        self.records: Records = {}
        self.items: list[int] = []
        self.answers: Answers = {}

    def label_batch_0(self) -> None:
        self.loop.until(lambda: self.counts() == (SIZE, SIZE))
        label_all(self.ann, self.owner.records(0), self.label)

    def answer_some_of_batch_1(self) -> None:
        self.loop.wait(self.project, lambda state: state.batches["0"].done)
        records = self.owner.records(1)
        self.items = sorted(records)
        for item in self.items[:3]:
            self.ann.answer(records[item]["id"], self.label(item))
        self.bob.answer(records[self.items[3]]["id"], None)
        self.bob.answer(records[self.items[4]]["id"], "ham", "draft")

    def take_note(self) -> None:
        self.loop.wait(self.project, lambda state: len(state.batches["1"].answers) == 5)
        self.answers = self.owner.answers(0) | self.owner.answers(1)
        self.records = {**self.owner.records(0), **self.owner.records(1)}

    @staticmethod
    def label(item: int) -> str:
        return ("spam", "ham", "news")[item % 3]

    def now(self) -> Answers:
        return self.owner.answers(0) | self.owner.answers(1)

    def wait_until_all_is_back(self) -> None:
        self.loop.until(lambda: self.counts() == (SIZE, SIZE) and self.now() == self.answers)

    def counts(self) -> tuple[int, int]:
        return len(self.owner.records(0)), len(self.owner.records(1))

    def finish(self) -> None:
        """Bob labels what is left, and nothing that was said is lost."""
        bob = Person(self.loop.argilla, self.bob.name)
        records = self.owner.records(1)
        open_items = {i: r for i, r in records.items() if i in self.items[4:]}
        label_all(bob, open_items, self.label)
        state = self.loop.wait(self.project, lambda state: state.batches["1"].done)
        expected = {item: (self.label(item),) for item in self.records if item != self.items[3]}
        assert current(state) == expected
        assert {a.item for a in state.batches["1"].revisions[-1].items if a.discarded} == {self.items[3]}
        for said in self.loop.payloads(self.project, "BatchAnnotated"):
            assert all(item.labels or item.discarded for item in said.items), "nothing counts as withdrawn"


def votes_of(said: ResponsesRecorded | BatchAnnotated) -> Answers:
    return {
        (answer.item, vote.username): (vote.status, vote.labels[0] if vote.labels else None)
        for answer in said.items
        for vote in answer.votes
    }


def labels_never_go_back(scene: Scene) -> None:
    """Of each batch, every account in the log holds the answers of the one before, at least."""
    for batch in ("0", "1"):
        before: Answers = {}
        for one in (e.payload for e in scene.loop.events if e.project == scene.project):
            if isinstance(one, ResponsesRecorded | BatchAnnotated) and one.batch == batch:
                answers = votes_of(one)
                assert set(before) <= set(answers), f"{type(one).__name__} of batch {batch} lost an answer"
                before = answers


def delete_some_records(scene: Scene) -> None:
    scene.owner.delete_records([scene.records[item]["id"] for item in (*scene.items[:2], scene.items[6])])
    done = [item for item in scene.records if item not in scene.items]
    scene.owner.delete_records([scene.records[item]["id"] for item in done[:2]])


def delete_the_account(scene: Scene) -> None:
    scene.owner.delete_account(scene.ann)


def delete_the_data_set(scene: Scene) -> None:
    scene.owner.delete_dataset()


def replace_records_by_blank_ones(scene: Scene) -> None:
    scene.owner.delete_records([record["id"] for record in scene.records.values()])
    scene.owner.write_anew(scene.records.values())


def delete_everything(scene: Scene) -> None:
    delete_some_records(scene)
    delete_the_account(scene)
    scene.owner.delete_account(scene.bob)
    delete_the_data_set(scene)


Delete = Callable[[Scene], None]
DELETIONS = cells(
    delete_everything,
    replace_records_by_blank_ones,
    rest=[delete_some_records, delete_the_account, delete_the_data_set],
)


@pytest.fixture(scope="module")
def scenes(request: pytest.FixtureRequest, loop: Loop, proxy: FaultyProxy) -> dict[Delete, Scene]:
    """Each deletion in a project of its own; the watcher looked at all batches before any was mended."""
    scenes: dict[Delete, Scene] = {delete: Scene(loop) for delete in selected(request, "delete")}
    for step in (Scene.label_batch_0, Scene.answer_some_of_batch_1, Scene.take_note):
        for scene in scenes.values():
            step(scene)
    loop.kill("querier")
    for delete, scene in scenes.items():
        delete(scene)
    enough = len(proxy.passed) + LOOKS * len(scenes)
    loop.until(lambda: len(proxy.passed) > enough)
    loop.start("querier")
    return scenes


@pytest.mark.parametrize("delete", DELETIONS)
def test_what_is_deleted_comes_back_with_the_responses_recorded_by_then(
    scenes: dict[Delete, Scene], delete: Delete
) -> None:
    scene = scenes[delete]

    scene.wait_until_all_is_back()

    scene.finish()
    labels_never_go_back(scene)


def authors(state: LoopState) -> set[str]:
    """Who has answered, by the log."""
    answers = [answer for batch in state.batches.values() for answer in batch.answers]
    return {vote.username for answer in answers for vote in answer.votes}


@pytest.mark.all_cells
def test_one_deletion_after_the_other_while_simulated_annotators_work(loop: Loop) -> None:
    project = loop.create(texts(60), batch_size=20, max_batches=3, lookahead=2)
    owner = Owner(loop.argilla, project)
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    pool = open_store(loop.settings.store).snapshot(loop.state(project).project.pool)
    with simulated_annotators(loop, project, pool, [ann.key, bob.key], seconds_per_label=0.2):
        loop.wait(project, lambda state: state.batches and state.batches["0"].responses)
        records = owner.records(0)
        owner.delete_records([record["id"] for record in records.values()][:12])
        loop.until(lambda: len(owner.records(0)) == 20)
        loop.wait(project, lambda state: authors(state) == {ann.name, bob.name})
        owner.delete_account(bob)
        loop.wait(project, lambda state: len(state.batches["1"].answers) >= 8)
        owner.delete_dataset()

        state = loop.wait(project, lambda state: all(batch.done for batch in state.batches.values()))

    labels = dict(enumerate(label for _, label in texts(60)))
    assert current(state) == {item: (label,) for item, label in labels.items()}
    for said in loop.payloads(project, "BatchAnnotated"):
        assert all(item.labels for item in said.items), "nothing counts as withdrawn"
    assert owner.account(bob.name) not in (None, bob.id)
    asked = [item for batch in state.batches.values() for item in batch.items]
    assert len(asked) == len(set(asked)) == 60
