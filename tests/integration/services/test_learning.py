"""Trainer, querier and evaluator with a real learner: the classifier `linear`, which is quick."""

import json
import shutil
from collections.abc import Callable, Iterator
from operator import ne
from pathlib import Path
from typing import Any

import psutil
import pytest

from labelloop.learner.base_model import BUNDLED
from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from labelloop.store import open_store
from schemas.parts import BaseModelChoice, Choice
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.damage import change_byte
from tests.support.disks import fill, grow
from tests.support.learner import tasks
from tests.support.loop import Loop, a_loop, texts
from tests.support.messages import names
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS
from tests.support.tiny_bert import tiny_bert

ALL = ("querier", "annotation_watcher", "trainer", "evaluator")
SETTINGS: dict[str, Any] = {"batch_size": 6, "max_batches": 2, "lookahead": 0}
GOOD_MODEL = {"model": BaseModelChoice(name=BUNDLED)}
"""It is right on all texts that it learned, and takes more space than a small disk has."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path_factory.mktemp("learning"), argilla_server) as loop:
        yield loop


@pytest.fixture
def loop(shared: Loop) -> Loop:
    """One for all tests, each with projects of its own: a learner takes seconds to start."""
    shared.have_running(*ALL)
    return shared


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def label_batch(
    loop: Loop, project: str, ann: Person, batch: int, label: Callable[[int], str | None] = gold
) -> LoopState:
    """Ann labels the batch as soon as it is there; the state once it is done."""
    owner = Owner(loop.argilla, project)
    state = loop.wait(project, lambda state: str(batch) in state.batches)
    size = len(state.batches[str(batch)].items)
    loop.until(lambda: len(owner.records(batch)) == size)
    label_all(ann, owner.records(batch), label)
    return loop.wait(project, lambda state: state.batches[str(batch)].done)


def picks(state: LoopState, batch: str) -> list[int]:
    return [item.item for item in state.batches[batch].queried.items]


def test_a_label_changed_after_the_last_batch_makes_a_final_model_due(loop: Loop) -> None:
    project = loop.create(texts(30), test=texts(9), **SETTINGS)
    ann, owner = Person(loop.argilla), Owner(loop.argilla, project)
    for batch in (0, 1):
        label_batch(loop, project, ann, batch)
    state = loop.wait(project, lambda state: finished(state) and len(state.evaluations) == 2)
    assert list(state.models) == ["0", "1"]
    assert state.models["1"].learned == {"0": 0, "1": 0}
    assert state.batches["1"].queried.model == "0"
    suggested = {item: record["suggestions"] for item, record in owner.records(1).items()}
    for picked in state.batches["1"].queried.items:
        (suggestion,) = suggested[picked.item]
        assert (suggestion["value"], suggestion["agent"]) == (picked.predicted[0], "model-0")
        assert suggestion["score"] == pytest.approx(picked.probability)

    item, record = min(owner.records(0).items())
    changed = next(label for label in LABELS if label != gold(item))
    ann.answer(record["id"], changed)

    state = loop.wait(project, lambda state: "final-1" in state.models and finished(state))
    assert state.models["final-1"].learned == {"0": 1, "1": 0}
    assert current(state)[item] == (changed,)
    state = loop.wait(project, lambda state: "final-1" in state.evaluations)
    assert state.evaluations["final-1"].size == 9
    assert sum(map(sum, state.evaluations["final-1"].confusion)) == 9
    assert open_store(loop.settings.store).model(state.models["final-1"].latest).is_dir()


def test_a_lost_or_damaged_model_is_trained_again_and_picks_the_same(loop: Loop) -> None:
    """Three projects alike but for their fate: one keeps its model, one loses it, one has it damaged."""
    projects = [loop.create(texts(30), **SETTINGS) for _ in range(3)]
    whole, lost, damaged = projects
    ann, store = Person(loop.argilla), open_store(loop.settings.store)
    for project in projects:
        loop.until(lambda p=project: len(Owner(loop.argilla, p).records(0)) == 6)  # type: ignore[misc]
    loop.stop("querier")
    for project in projects:
        label_batch(loop, project, ann, 0)
        loop.wait(project, lambda state: "0" in state.models)
    shutil.rmtree(store.model(loop.state(lost).models["0"].latest))
    weights = store.model(loop.state(damaged).models["0"].latest) / "model.safetensors"
    change_byte(weights, -1)

    loop.start("querier")

    states = {p: loop.wait(p, lambda state: "1" in state.batches) for p in projects}
    assert len({tuple(picks(state, "1")) for state in states.values()}) == 1
    assert {p: len(state.models["0"].attempts) for p, state in states.items()} == {
        whole: 1,
        lost: 2,
        damaged: 2,
    }
    for project in (lost, damaged):
        (loss,) = loop.payloads(project, "ModelLost")
        assert (loss.model, loss.attempt) == ("0", 0)
        again = states[project].models["0"]
        assert again.latest.attempt == 1
        assert again.latest.learned == again.first.learned
        assert states[project].batches["1"].queried.attempt == 1
        assert not states[project].failures


def test_of_a_large_pool_a_model_scores_a_shortlist_and_why_tells_it(loop: Loop) -> None:
    strategy = Choice(name="distinct-ties", parameters={"shortlist": 24})
    project = loop.create(texts(140), strategy=strategy, **SETTINGS)
    label_batch(loop, project, Person(loop.argilla), 0)

    state = loop.wait(project, lambda state: "1" in state.batches)

    queried = state.batches["1"].queried
    assert queried.shortlist is not None
    assert (queried.shortlist.looked_at, queried.shortlist.doubtful, queried.shortlist.drawn) == (72, 18, 6)
    assert state.batches["0"].queried.shortlist is None
    item, *_ = queried.items
    where = ("--project", project, "--log", loop.settings.log)
    told = labelloop("why", item.item, "--quick", *where).stdout
    assert names(told, "24 texts that the model scored", "6 drawn", "18 of which", 72)


@pytest.mark.all_cells
def test_a_model_lost_before_it_was_measured_is_trained_and_measured_again(loop: Loop) -> None:
    loop.stop("evaluator")
    project = loop.create(texts(30), test=texts(9), **SETTINGS | {"max_batches": 1})
    label_batch(loop, project, Person(loop.argilla), 0)
    state = loop.wait(project, lambda state: "0" in state.models)
    shutil.rmtree(open_store(loop.settings.store).model(state.models["0"].latest))

    loop.start("evaluator")

    state = loop.wait(project, lambda state: state.evaluations)
    assert state.evaluations["0"].attempt == 1
    assert [trained.attempt for trained in state.models["0"].attempts] == [0, 1]
    assert len(loop.payloads(project, "ModelLost")) == 1
    assert not state.failures


@pytest.mark.all_cells
def test_labels_that_were_imported_are_learned_first_and_nobody_is_asked_for_them(
    loop: Loop, tmp_path: Path
) -> None:
    rows = [f"{text},{label if item < 12 else ''}\n" for item, (text, label) in enumerate(texts(30))]
    (tmp_path / "mail.csv").write_text("text,label\n" + "".join(rows))
    where = ("--log", loop.settings.log, "--store", loop.settings.store, "--json")
    learner = ("--name", "imported", "--classifier", "linear", "--batch-size", 6, "--batches", 1)
    made = labelloop("import", tmp_path / "mail.csv", *where, *learner)
    project = json.loads(made.stdout)["project"]

    state = label_batch(loop, project, Person(loop.argilla), 1, lambda item: texts(30)[item][1])

    assert state.batches["1"].queried.model == "0"
    assert state.models["0"].latest.labels == 12
    assert not Owner(loop.argilla, project).records(0)
    state = loop.wait(project, finished)
    assert state.models["1"].latest.labels == 18
    assert not state.failures
    assert labelloop("replay", "--project", project, "--verify", *where).exit_code == 0


@pytest.mark.all_cells
def test_an_audit_tells_a_model_s_accuracy_without_a_test_set(loop: Loop) -> None:
    stopping = Choice(name="classification-change", parameters={"threshold": 0.5})
    project = loop.create(texts(30), **SETTINGS | GOOD_MODEL | {"audit_share": 0.5, "stopping": stopping})
    ann, owner = Person(loop.argilla), Owner(loop.argilla, project)

    for batch in (0, 1):
        label_batch(loop, project, ann, batch)

    state = loop.wait(project, lambda state: finished(state) and state.audits)
    found = state.audits["0"]
    assert (found.batches, found.known, found.audited) == (("1",), 6, 3)
    assert 0 <= found.low <= found.accuracy <= found.high <= 1
    audited = [pick.item for pick in state.batches["1"].queried.items if pick.reason == "audit"]
    right = sum(
        pick.predicted == current(state)[pick.item]
        for pick in state.batches["1"].queried.items
        if pick.item in audited
    )
    assert found.accuracy == pytest.approx((6 + 24 * right / 3) / 30)
    assert not any(owner.records(1)[item]["suggestions"] for item in audited)
    assert "1" not in state.audits
    state = loop.wait(project, lambda state: len(state.checks) == 2)
    before, after = (state.checks[model] for model in ("0", "1"))
    changed = sum(map(ne, before.predicted, after.predicted)) / 30
    assert before.value is None
    assert after.value == pytest.approx(changed)
    assert not state.ended


def test_a_project_ends_when_it_is_advised_to_and_was_told_so(loop: Loop) -> None:
    stopping = Choice(name="max-iterations", parameters={"max_iterations": 1})
    settings = SETTINGS | {"stopping": stopping, "stop_when_advised": True, "max_batches": None}
    project = loop.create(texts(30), **settings)

    label_batch(loop, project, Person(loop.argilla), 0)

    state = loop.wait(project, lambda state: state.ended and finished(state))
    assert state.advised is not None
    assert (state.advised.criterion, state.advised.labels) == ("MaxIterations", 6)
    assert list(state.models) == ["0"]


@pytest.mark.all_cells
def test_fewer_than_two_classes_skip_a_model_and_begin_anew(loop: Loop) -> None:
    project = loop.create(texts(30), **SETTINGS)
    ann = Person(loop.argilla)
    label_batch(loop, project, ann, 0, lambda item: "spam")

    state = label_batch(loop, project, ann, 1)
    state = loop.wait(project, lambda state: finished(state))

    assert state.skipped == {0}
    assert state.batches["1"].queried.model is None
    assert {item.reason for item in state.batches["1"].queried.items} == {"cold-start"}
    assert list(state.models) == ["1"]
    assert not state.failures


@pytest.mark.all_cells
def test_a_killed_training_is_recorded_and_tried_again(loop: Loop, session_learner: psutil.Process) -> None:
    project = loop.create(texts(1500), **SETTINGS)
    ann = Person(loop.argilla)

    def kill_training() -> bool:
        if "train model 0" not in str(loop.status_file("trainer").get("doing")):
            return False
        for task in tasks(session_learner.pid):
            task.kill()
        return "failure" in loop.status_file("trainer")

    label_batch(loop, project, ann, 0)
    loop.until(kill_training)

    state = loop.wait(project, lambda state: "0" in state.models)
    failures = [f for f in loop.payloads(project, "ServiceFailed") if f.due == "train model 0"]
    assert {(f.service, f.kind) for f in failures} == {("trainer", "crashed")}
    assert names(failures[0].error, 9)
    assert [f.attempt for f in failures] == [2**power for power in range(len(failures))]
    assert state.models["0"].latest.attempt == 0
    assert loop.is_running("trainer")
    loop.until(lambda: "failure" not in loop.status_file("trainer"))


def test_a_model_that_cannot_work_pauses_the_project_until_it_is_repaired(loop: Loop, tmp_path: Path) -> None:
    base = tiny_bert(tmp_path / "base")
    words = base / "tokenizer.json"
    words.rename(tmp_path / "tokenizer.json")
    project = loop.create(texts(60), **{**SETTINGS, "model": BaseModelChoice(name=str(base))})
    label_batch(loop, project, Person(loop.argilla), 0)

    state = loop.wait(project, lambda state: state.paused)

    assert state.failures["trainer", "train model 0"].event.kind == "bad-input"
    (pause,) = loop.payloads(project, "ProjectPaused")
    assert pause.who == "trainer"
    assert names(pause.why, "train model 0", base)
    (tmp_path / "tokenizer.json").rename(words)
    assert labelloop("resume", "--project", project, "--log", loop.settings.log).exit_code == 0
    state = loop.wait(project, lambda state: "0" in state.models)
    assert not state.paused


@pytest.mark.all_cells
def test_no_space_for_a_model_is_recorded_and_tried_again(
    tiny_disk: Path, tmp_path: Path, argilla_server: ArgillaServer
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "store").symlink_to(tiny_disk)
    with a_loop(home, argilla_server) as loop:
        project = loop.create(texts(30), **SETTINGS | GOOD_MODEL)
        loop.start("querier", "annotation_watcher", "trainer")
        label_batch(loop, project, Person(argilla_server), 0)
        state = loop.wait(project, lambda state: state.failures)
        (failure,) = state.failures.values()
        assert (failure.event.service, failure.event.kind) == ("trainer", "disk-full")
        assert loop.is_running("trainer")

        grow(tiny_disk, mebibytes=500)

        loop.wait(project, lambda state: "0" in state.models)


@pytest.mark.all_cells
def test_no_space_for_the_log_is_said_where_it_can_be_and_nothing_is_lost(
    tiny_disk: Path, argilla_server: ArgillaServer
) -> None:
    with a_loop(tiny_disk / "home", argilla_server) as loop:
        project = loop.create(texts(30), **SETTINGS)
        owner, ann = Owner(argilla_server, project), Person(argilla_server)
        loop.start("querier", "annotation_watcher")
        loop.until(lambda: len(owner.records(0)) == 6)
        filler = fill(tiny_disk)

        label_all(ann, owner.records(0), gold)

        log = loop.settings.log.removeprefix("sqlite:///")
        loop.until(lambda: names(loop.status_file("annotation_watcher").get("waiting"), log))
        assert not loop.state(project).batches["0"].done
        filler.unlink()
        state = loop.wait(project, lambda state: state.batches["0"].done)
        assert len(current(state)) == 6
        assert loop.is_running("annotation_watcher")


def test_without_a_test_set_the_evaluator_says_why_there_is_no_curve(loop: Loop) -> None:
    project = loop.create(texts(30), **SETTINGS)

    loop.until(lambda: names(loop.log_of("evaluator"), project))
    loop.until(lambda: loop.status_file("evaluator")["doing"] == "idle")
