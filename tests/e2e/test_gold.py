"""Gold texts, on either log, through kills and a lost data set: nobody can tell them from the others."""

import csv
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.gold_texts import FIRST
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla.new_record import item_of
from tests.e2e.test_people import LEARNER
from tests.support.command import error_line, labelloop
from tests.support.loop import Loop
from tests.support.matrices import in_all_cells
from tests.support.messages import names
from tests.support.people import Owner, Person
from tests.support.states import LABELS

pytestmark = pytest.mark.timeout(900)

SPAM, HAM, NEWS = LABELS


def files(tmp_path: Path, gold: int = 6) -> tuple[Path, Path]:
    """A pool of 24 texts, and so many gold texts, all of them spam."""
    rows = ([f"a mail about {LABELS[item % 3]}, number {item}"] for item in range(24))
    certain = ([f"surely {SPAM}, number {row} <b>&amp;", SPAM] for row in range(gold))
    for name, header, content in (("mail", ["text"], rows), ("gold", ["text", "label"], certain)):
        with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *content])
    return tmp_path / "mail.csv", tmp_path / "gold.csv"


def created(loop: Loop, tmp_path: Path, *settings: object) -> str:
    mail, gold = files(tmp_path)
    name = f"mail-{secrets.token_hex(4)}"
    asked = ("--dataset", mail, "--name", name, "--labels", ",".join(LABELS), "--gold", gold)
    return str(json.loads(loop.command("init", *asked, *LEARNER, *settings, "--json"))["project"])


def shown(owner: Owner, batch: str) -> dict[int, dict[str, Any]]:
    """The batch's records in Argilla, gold texts among them, by the numbers that the loop gives them."""
    found = {item_of(record["external_id"], batch): record for record in owner.records(batch).values()}
    return {item: record for item, record in found.items() if item is not None}


def measured(loop: Loop, project: str) -> dict[str, tuple[int, int]]:
    """How many labels each person gave to gold texts, and how many are right."""
    told = json.loads(loop.command("agreement", "--project", project, "--json")).get("gold", {})
    return {name: (who["labels"], who["right"]) for name, who in told.items()}


def status(loop: Loop, project: str) -> dict[str, Any]:
    listed = json.loads(loop.command("status", "--json"))["projects"]
    (found,) = [each for each in listed if each["project"] == project]
    return dict(found)


@pytest.mark.parametrize("task", ["single-label", in_all_cells("multi-label")])
def test_people_are_measured_by_texts_that_they_cannot_tell(loop: Loop, tmp_path: Path, task: str) -> None:
    audits = 0.4 if task == "single-label" else 0
    size = ("--batch-size", 5, "--batches", 2, "--lookahead", 0, "--task", task, "--audit-share", audits)
    project = created(loop, tmp_path, *size, "--gold-share", 0.4, "--overlap", 0.2)
    owner, ann, bob = Owner(loop.argilla, project), Person(loop.argilla), Person(loop.argilla)
    spam, ham = LABELS[:2] if task == "single-label" else ([label] for label in LABELS[:2])
    loop.start("querier", "annotation_watcher")
    state = loop.wait(project, lambda state: "0" in state.batches)
    loop.until(lambda: len(shown(owner, "0")) == 7)
    records = shown(owner, "0")
    gold = [item for item in records if item >= FIRST]
    assert len(gold) == 2
    # Nothing that people see tells them from the others.
    metadata = [record["metadata"] for record in records.values()]
    assert sorted(each["rank"] for each in metadata) == list(range(7))
    assert {each["reason"] for each in metadata} == {"cold-start"}
    assert max(each["item"] for each in metadata) < 26
    of_two = {*state.batches["0"].answers_wanted}
    assert len(of_two) == 1
    one, *others = sorted(state.batches["0"].items)

    ann.answer(records[gold[0]]["id"], ham)
    ann.answer_all({records[item]["id"]: ham for item in others})
    ann.answer(records[one]["id"], spam)
    loop.wait(project, lambda state: state.batches["0"].answered == 5)
    loop.until(lambda: measured(loop, project) == {ann.name: (1, 0)})
    # Argilla is lost, and so are the services: the answers are not.
    loop.kill("querier")
    loop.kill("annotation_watcher")
    owner.delete_dataset()
    loop.start("querier", "annotation_watcher")
    loop.until(lambda: len(shown(owner, "0")) == 7)
    loop.until(lambda: len(shown(owner, "0")[gold[0]]["responses"]) == 1)

    records = shown(owner, "0")
    bob.answer_all({records[item]["id"]: ham for item in of_two})
    loop.until(lambda: sum(batch["waiting"] for batch in status(loop, project)["open_batches"]) == 0)
    (opened,) = status(loop, project)["open_batches"]
    assert (opened["answered"], opened["gold_left"]) == (5, 1), "the batch waits for a gold text"
    bob.answer(records[gold[1]]["id"], spam)

    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert {answer.item for answer in state.batches["0"].answers} == state.batches["0"].items
    assert measured(loop, project) == {ann.name: (1, 0), bob.name: (1, 1)}
    # A changed answer counts, and is no other label of the batch.
    ann.answer(records[gold[0]]["id"], spam)
    loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)
    assert measured(loop, project) == {ann.name: (1, 1), bob.name: (1, 1)}
    loop.start("trainer")
    state = loop.wait(project, lambda state: "1" in state.batches)
    assert_hides_its_gold_texts(loop, owner, state)
    assert state.models["0"].latest.labels == 5
    assert len(exported(loop, project, tmp_path)) == 5
    assert status(loop, project)["gold"] == {"share": 0.4, "texts": 6, "used": 4, "before": 0}
    assert json.loads(loop.command("replay", "--verify", "--project", project, "--json"))["verified"]

    fork = f"fork-{secrets.token_hex(4)}"
    loop.command("fork", project, "--as", fork)
    assert measured(loop, fork) == {ann.name: (1, 1), bob.name: (1, 1)}
    assert status_of(loop, fork)["gold"] == {"share": 0.4, "texts": 6, "used": 2, "before": 0}
    assert json.loads(loop.command("replay", "--verify", "--project", fork, "--json"))["verified"]


def assert_hides_its_gold_texts(loop: Loop, owner: Owner, state: LoopState) -> None:
    """In a batch that a model picked, as many others that look like no audit texts have no suggestion."""
    loop.until(lambda: len(shown(owner, "1")) == 7)
    audits = {picked.item for picked in state.batches["1"].queried.items if picked.reason == "audit"}
    records = {item: record for item, record in shown(owner, "1").items() if item not in audits}
    plain = {item for item, record in records.items() if not record["suggestions"]}
    assert len([item for item in plain if item >= FIRST]) == 2
    assert len(plain) == 4
    assert {record["metadata"]["model"] for record in records.values()} == {"model-0"}
    assert {record["metadata"]["reason"] for record in records.values()} == {"uncertain"}
    before = {text.item for text in state.batches["0"].queried.gold}
    assert before.isdisjoint({text.item for text in state.batches["1"].queried.gold})


def status_of(loop: Loop, name: str) -> dict[str, Any]:
    listed = json.loads(loop.command("status", "--json"))["projects"]
    (found,) = [each for each in listed if each["name"] == name]
    return dict(found)


def exported(loop: Loop, project: str, tmp_path: Path) -> list[dict[str, Any]]:
    target = tmp_path / "labels.jsonl"
    loop.command("export", "--project", project, "--output", target)
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]


@pytest.mark.all_cells
def test_gold_texts_come_and_end_while_people_label(loop: Loop, tmp_path: Path) -> None:
    size = ("--batch-size", 3, "--batches", 4, "--lookahead", 0)
    test = tmp_path / "test.csv"
    test.write_text(f"text,label\na test of {SPAM},{SPAM}\na test of {HAM},{HAM}\n", encoding="utf-8")
    project = created(loop, tmp_path, *size, "--gold-share", 1, "--test", test)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.start("querier", "annotation_watcher", "trainer")

    def answered(batch: str, records: int) -> LoopState:
        loop.until(lambda: len(shown(owner, batch)) == records)
        labels = {item: LABELS[item % 3] for item in shown(owner, batch)}
        ann.answer_all({record["id"]: labels[item] for item, record in shown(owner, batch).items()})
        return loop.wait(project, lambda state: state.batches[batch].done)

    answered("0", 6)
    answered("1", 6)
    # All six are used: the next batch has none, and says so.
    state = loop.wait(project, lambda state: "2" in state.batches)
    assert not state.batches["2"].queried.gold
    assert names(loop.command("status"), "6 of 6", f"labelloop change {state.project.name} --gold FILE")
    more = tmp_path / "more.csv"
    lines = (tmp_path / "gold.csv").read_text(encoding="utf-8")
    more.write_text(f'{lines}"a mail about {HAM}, number 1",{HAM}\nsurely {HAM},{HAM}\n', encoding="utf-8")
    said = loop.command("change", project, "--gold", more, "--gold-share", 0.34)
    assert names(said, "more.csv", "1 gold text", "1 left out", "in the pool", "6 left out", "before")
    answered("2", 3)
    loop.until(lambda: len(shown(owner, "3")) == 4)
    loop.command("close", 3, "--project", project)
    state = loop.wait(project, lambda state: state.batches["3"].done)
    loop.until(lambda: shown(owner, "3") == {})

    told = {"share": 0.34, "texts": 1, "used": 0, "before": 6}
    assert status(loop, project)["gold"] == told, "given back"
    assert names(loop.command("status"), "0 of 1", "6 asked before")
    used = labelloop("change", project, "--gold", tmp_path / "gold.csv", *loop.where)
    assert names(error_line(used), "gold.csv", 6, "asked before", "--gold")
    assert sum(labels for labels, _ in measured(loop, project).values()) == 6
    assert json.loads(loop.command("replay", "--verify", "--project", project, "--json"))["verified"]
    # A fork has the gold texts of both files, where people see their answers again.
    fork = f"fork-{secrets.token_hex(4)}"
    loop.command("fork", project, "--as", fork, "--batches", 6)
    forked = status_of(loop, fork)["project"]
    loop.until(lambda: len(shown(Owner(loop.argilla, forked), "0")) == 6)
    assert measured(loop, fork) == measured(loop, project)
    assert json.loads(loop.command("replay", "--verify", "--project", fork, "--json"))["verified"]
    # Another strategy is played with what was learned, of which no gold text is.
    strategy = ("--strategy", "random-sampling", "--seeds", 1)
    played = json.loads(loop.command("what-if", "--project", project, *strategy, "--json"))
    assert played["labels"] == 9
    refused = labelloop("change", project, "--gold", tmp_path / "mail.csv", *loop.where)
    assert names(error_line(refused), "mail.csv", "--gold-label-column")
