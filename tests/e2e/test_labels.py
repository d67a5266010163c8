"""Labels are renamed, added and retired while people label, on either log, and through kills."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.label_lists import of_trained
from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.oracle.argilla.values import data_set_name
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer
from tests.support.command import error_line, labelloop
from tests.support.loop import Loop
from tests.support.messages import names
from tests.support.people import Found, Owner, Person, label_all
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer")
SPAM, HAM, NEWS = LABELS


def gold(item: int) -> str:
    return LABELS[item % 3]


def options(owner: Owner, server: ArgillaServer) -> dict[str, str]:
    """The labels that people can choose, by value, as they read them."""
    with server.client() as client:
        questions = ok(client.get(f"/datasets/{owner.dataset()}/questions"))["items"]
    return {each["value"]: each["text"] for each in questions[0]["settings"]["options"]}


def answered(owner: Owner, batch: int) -> Found:
    return {item: record for item, record in owner.records(batch).items() if record["responses"]}


def test_labels_change_while_people_label_and_nothing_is_lost(loop: Loop, tmp_path: Path) -> None:
    with (tmp_path / "mail.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text",))
        writer.writerows([f"a mail about {LABELS[item % 3]}, number {item}"] for item in range(20))
    learner = ("--model", TINY, "--classifier", "linear", "--cold-start", "random", "--lookahead", 0)
    size = ("--batch-size", 6, "--batches", 3, "--labels", ",".join(LABELS), "--stopping", "none")
    source = ("--dataset", tmp_path / "mail.csv", "--json")
    project = str(json.loads(loop.command("init", *source, *learner, *size))["project"])
    old, new = Owner(loop.argilla, project), Owner(loop.argilla, data_set_name(project, 1))
    newest = Owner(loop.argilla, data_set_name(project, 2))
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    loop.start(*SERVICES)
    loop.until(lambda: len(old.records(0)) == 6)
    label_all(ann, old.records(0), gold)
    loop.until(lambda: len(old.records(1)) == 6)

    # A label is called otherwise: people read the new name in the data set that they have.
    loop.command("labels", "rename", SPAM, "junk <b>")
    loop.until(lambda: options(old, loop.argilla)[SPAM] == "junk <b>")
    first = sorted(old.records(1))
    ann.answer(old.records(1)[first[0]]["id"], gold(first[0]))
    loop.wait(project, lambda state: state.batches["1"].answered == 1)

    # A label is added while everything is killed: a new data set gets all texts with all answers.
    for service in SERVICES:
        loop.kill(service)
    loop.command("labels", "add", "bill")
    ann.answer(old.records(1)[first[1]]["id"], gold(first[1]))
    loop.start("querier")
    loop.until(lambda: len(new.records(0)) >= 1)
    loop.kill("querier")
    loop.start(*SERVICES)
    loop.until(lambda: len(answered(new, 0)) == 6 and len(answered(new, 1)) == 2)
    assert options(new, loop.argilla) == {SPAM: "junk <b>", HAM: HAM, NEWS: NEWS, "bill": "bill"}
    assert {item: vote[1] for (item, _), vote in new.answers(0).items()} == {
        item: gold(item) for item in new.records(0)
    }

    # In the old data set somebody goes on, and is heard; the newest answer of each counts.
    bob.answer(old.records(1)[first[2]]["id"], HAM)
    loop.until(lambda: first[2] in answered(new, 1))
    ann.answer(new.records(1)[first[0]]["id"], "bill")
    ann.answer(old.records(1)[first[1]]["id"], NEWS)
    loop.until(lambda: new.answers(1).get((first[1], ann.name)) == ("submitted", NEWS))
    label_all(ann, {item: new.records(1)[item] for item in first[3:]}, gold)
    state = loop.wait(project, lambda state: "1" in state.models)
    labels = current(state)
    assert [labels[item] for item in first[:3]] == [("bill",), (NEWS,), (HAM,)]
    assert of_trained(state, state.models["0"]).names == LABELS
    assert of_trained(state, state.models["1"]).names == (*LABELS, "bill")

    with loop.argilla.client() as client:
        assert names(ok(client.get(f"/datasets/{old.dataset()}"))["guidelines"], data_set_name(project, 1))
        moved = client.get(f"{loop.argilla.url}/dataset/{old.dataset()}/annotation-mode?sort=x")
    assert (moved.status_code, moved.headers["location"]) == (
        307,
        f"/dataset/{new.dataset()}/annotation-mode?sort=x",
    )
    assert names(loop.command("status"), data_set_name(project, 1))

    # A label is retired: its texts have no label, and people choose from the others.
    loop.kill("annotation_watcher")
    told = loop.command("labels", "retire", "bill", "--ask-again")
    assert names(told, 1)
    loop.start("annotation_watcher")
    loop.until(lambda: len(newest.records(2)) == 6)
    assert options(newest, loop.argilla) == {SPAM: "junk <b>", HAM: HAM, NEWS: NEWS}
    assert first[0] not in newest.records(1)
    loop.until(lambda: first[0] in newest.records("relabel-1"))
    label_all(ann, newest.records("relabel-1"), gold)
    label_all(ann, newest.records(2), gold)
    state = loop.wait(project, lambda state: finished(state) and len(state.batches) == 4)

    assert current(state)[first[0]] == (gold(first[0]),)
    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    exported = tmp_path / "labels.csv"
    loop.command("export", "--output", exported)
    with exported.open(newline="", encoding="utf-8") as file:
        given = {int(row["item"]): row["label"] for row in csv.DictReader(file)}
    assert given[first[0]] == gold(first[0]).replace(SPAM, "junk <b>")
    assert set(given.values()) == {"junk <b>", HAM, NEWS}
    last = state.models[str(state.latest_model)].latest
    config = json.loads((Path(loop.settings.store) / last.artifact / "labelloop.json").read_text())
    assert config["labels"] == ["junk <b>", HAM, NEWS, "bill"]
    listed = {each["label"]: each for each in json.loads(loop.command("labels", "list", "--json"))["labels"]}
    assert listed["bill"]["retired"]
    assert listed["junk <b>"]["at_first"] == SPAM


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a project whose labels nothing changes."""
    folder = tmp_path_factory.mktemp("unchanged")
    texts = folder / "mail.csv"
    texts.write_text("text\n" + "".join(f"mail {number}\n" for number in range(30)))
    made = ("--dataset", texts, "--labels", ",".join(LABELS), "--classifier", "linear", "--model", TINY)
    assert labelloop("init", "--home", folder / "home", *made).exit_code == 0
    return folder / "home"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (("add", HAM), (HAM, "another name")),
        (("add", " "), ("empty",)),
        (("add", "a", "a"), ("twice",)),
        (("add", "x" * 300), ("200 characters",)),
        (("rename", "nothing", "x"), ("no label 'nothing'", SPAM)),
        (("rename", SPAM, HAM), (HAM, "another name")),
        (("rename", SPAM, SPAM), (SPAM, "another name")),
        (("retire", SPAM, HAM), ("two labels",)),
        (("retire", "nothing"), ("no label 'nothing'",)),
    ],
)
def test_what_labels_cannot_become_is_told_in_one_line(
    asked: tuple[str, ...], named: tuple[Any, ...], home: Path
) -> None:
    refused = error_line(labelloop("labels", *asked, "--home", home))

    assert names(refused, *named)
    listed = json.loads(labelloop("labels", "list", "--home", home, "--json").stdout)
    assert [each["label"] for each in listed["labels"]] == list(LABELS)
