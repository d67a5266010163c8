"""What an operator asks for: close, end, pause, resume, relabel."""

import json
from collections.abc import Iterator

import pytest

from labelloop.loop.labels import asked_items, current
from labelloop.loop.schedule import finished
from labelloop.oracle.escaping import MARK
from schemas import events as e
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all

REQUEST = {"request": "1", "who": "olga"}
SERVICES = ("querier", "annotation_watcher")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path_factory.mktemp("operators"), argilla_server) as loop:
        yield loop


@pytest.fixture
def loop(shared: Loop) -> Loop:
    """One for all tests, each with a project of its own."""
    shared.have_running(*SERVICES)
    return shared


def test_a_closed_batchs_undecided_texts_leave_argilla_and_are_asked_again(loop: Loop) -> None:
    project = loop.create(texts(5), batch_size=3, max_batches=None, lookahead=5)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 3 and len(owner.records(1)) == 2)
    records = owner.records(0)
    answered, *undecided = sorted(records)
    ann.answer(records[answered]["id"], "spam")
    ann.answer(records[undecided[0]]["id"], "ham", "draft")

    loop.append(project, e.BatchClosed(**REQUEST, batch="0"))

    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert current(state) == {answered: ("spam",)}
    loop.until(lambda: set(owner.records(0)) == {answered})
    state = loop.wait(project, lambda state: "2" in state.batches)
    assert state.batches["2"].items == set(undecided)
    loop.until(lambda: set(owner.records(2)) == set(undecided))
    label_all(ann, owner.records(1) | owner.records(2), lambda item: "ham")
    state = loop.wait(project, lambda state: state.batches["2"].done and state.batches["1"].done)
    assert set(current(state)) == asked_items(state) == set(range(5))


def test_a_batch_closed_while_argilla_has_recorded_answers_keeps_those_that_decide(loop: Loop) -> None:
    project = loop.create(texts(3), batch_size=3, max_batches=1, min_submitted=2)
    owner, ann, bob = Owner(loop.argilla, project), Person(loop.argilla), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 3)
    records = owner.records(0)
    both, one, none = sorted(records)
    for person in (ann, bob):
        person.answer(records[both]["id"], "spam")
    ann.answer(records[one]["id"], "ham")

    loop.append(project, e.BatchClosed(**REQUEST, batch="0"))

    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert current(state) == {both: ("spam",)}
    partly = loop.payloads(project, "ResponsesRecorded")
    assert {answer.item for answer in partly[-1].items} == {both, one}
    assert none not in asked_items(state)


def test_an_end_keeps_what_is_labelled_and_asks_no_more(loop: Loop) -> None:
    project = loop.create(texts(20), batch_size=3, max_batches=None)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 3 and len(owner.records(1)) == 3)
    records = owner.records(0)
    answered = sorted(records)[0]
    ann.answer(records[answered]["id"], "spam")

    loop.append(project, e.ProjectEnded(**REQUEST))

    state = loop.wait(project, lambda state: all(batch.done for batch in state.batches.values()))
    assert current(state) == {answered: ("spam",)}
    assert finished(state)
    loop.until(lambda: set(owner.records(0)) == {answered} and not owner.records(1))
    assert set(loop.state(project).batches) == {"0", "1"}


@pytest.mark.all_cells
def test_a_pause_stops_new_picks_and_nothing_else(loop: Loop) -> None:
    loop.stop("querier")
    project = loop.create(texts(12), batch_size=3, max_batches=None, lookahead=5)
    loop.append(project, e.ProjectPaused(**REQUEST))
    other = loop.create(texts(6), batch_size=3, max_batches=2)
    loop.start("querier")
    loop.wait(other, lambda state: len(state.batches) == 2)
    assert not loop.state(project).batches

    loop.append(project, e.ProjectResumed(request="2", who="olga"))

    state = loop.wait(project, lambda state: len(state.batches) == 4)
    assert sorted(asked_items(state)) == list(range(12))
    loop.append(project, e.ProjectPaused(request="3", who="olga"))
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 3)
    label_all(ann, owner.records(0), lambda item: "spam")
    loop.wait(project, lambda state: state.batches["0"].done)


def test_texts_that_are_asked_for_once_more_get_the_newer_label(loop: Loop) -> None:
    project = loop.create(texts(6), batch_size=3, max_batches=2)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    where = ("--project", project, "--log", loop.settings.log, "--store", loop.settings.store)
    loop.until(lambda: len(owner.records(0)) == 3 and len(owner.records(1)) == 3)
    label_all(ann, owner.records(0), lambda item: "spam")
    loop.wait(project, lambda state: state.batches["0"].done)
    first, second, third = sorted(owner.records(0))

    asked_again = labelloop("relabel", third, first, *where, "--why", "new guidelines")

    assert asked_again.exit_code == 0, asked_again.output
    loop.until(lambda: len(owner.records("relabel-1")) == 2)
    again, newest = owner.records("relabel-1"), owner.records(1)
    assert again[third]["metadata"] == {"batch": 1, "rank": 0, "item": third, "reason": "relabel", **MARK}
    assert {record["metadata"]["batch"] for record in newest.values()} == {1}
    ann.answer(again[first]["id"], "ham")
    ann.answer(again[third]["id"], None)
    state = loop.wait(project, lambda state: state.batches["relabel-1"].done)
    assert current(state) == {first: ("ham",), second: ("spam",)}
    assert not state.batches["1"].done
    exported = labelloop("export", *where, "--output", "-").stdout.splitlines()
    labels = {row["item"]: (row["batch"], row["label"]) for row in map(json.loads, exported)}
    assert labels == {first: ("relabel-1", "ham"), second: ("0", "spam"), third: ("relabel-1", None)}
    assert labelloop("replay", *where, "--verify").exit_code == 0
