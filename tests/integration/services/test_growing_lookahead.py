"""People who are faster than the trainer: the newest model picks on, also when services are killed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labelloop.loop.labels import current
from labelloop.loop.proof import Proof
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS

ALL = ("querier", "annotation_watcher", "trainer", "evaluator")
SIZE, BATCHES = 4, 12


@pytest.fixture
def loop(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path_factory.mktemp("growing"), argilla_server) as loop:
        loop.start(*ALL)
        yield loop


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def label(loop: Loop, project: str, batch: int) -> LoopState:
    """Ann labels the batch as soon as it is there; the state once it is done."""
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(batch)) == SIZE)
    label_all(Person(loop.argilla), owner.records(batch), gold)
    return loop.wait(project, lambda state: state.batches[str(batch)].done)


def pickers(state: LoopState) -> dict[str, str | None]:
    return {name: batch.queried.model for name, batch in state.batches.items()}


def test_without_a_trainer_people_have_texts_and_with_it_models_are_passed_over(loop: Loop) -> None:
    options: dict[str, Any] = {"batch_size": SIZE, "max_batches": BATCHES, "lookahead_grows": True}
    project = loop.create(texts(60), test=texts(9), **options)
    label(loop, project, 0)
    loop.wait(project, lambda state: "2" in state.batches)
    loop.kill("trainer")

    for batch in (1, 2):
        label(loop, project, batch)
    loop.kill("querier")
    loop.start("querier")
    label(loop, project, 3)
    state = loop.wait(project, lambda state: "4" in state.batches)

    drawn, picked = ("0", "1"), [name for name in state.batches if int(name) > 1]
    assert pickers(state) == {**dict.fromkeys(drawn), **dict.fromkeys(picked, "0")}
    assert {batch: chosen.model for batch, chosen in state.chosen.items()} == dict.fromkeys(picked, "0")

    loop.start("trainer")
    loop.wait(project, lambda state: len(state.models) > 1)
    for batch in range(4, BATCHES):
        label(loop, project, batch)

    state = loop.wait(project, lambda state: finished(state) and len(state.evaluations) == len(state.models))
    assert state.skipped >= {1, 2}
    assert set(pickers(state).values()) > {None, "0"}
    assert current(state) == {item: (gold(item),) for item in current(state)}
    assert len(current(state)) == SIZE * BATCHES, "no text is asked twice"
    proof = Proof(project)
    for event in (event for event in loop.events if event.project == project):
        proof.add(event)
    assert proof.halt is None, proof.halt
    assert proof.state == state

    where = ("--log", loop.settings.log, "--store", loop.settings.store, "--project", project)
    played = labelloop("what-if", *where, "--strategy", "random-sampling", "--seeds", 1, "--json")
    assert played.exit_code == 0, played.output
    (curve,) = json.loads(played.stdout)["played"]["curves"]
    learned = {state.models[chosen.model].first.labels for chosen in state.chosen.values()}
    assert {point["labels"] for point in curve} == learned | {SIZE * BATCHES}, "by the recorded choices"
