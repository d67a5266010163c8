"""Texts with several labels go through the whole loop, on either log, and through kills."""

import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.labels import NONE, current
from labelloop.loop.schedule import finished
from tests.support.loop import Loop
from tests.support.people import Found, Owner, Person
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer", "evaluator")
SIZE, BATCHES = 6, 3


def gold(item: int) -> list[str]:
    """Each set of the labels in turn, none of them too."""
    return [label for place, label in enumerate(LABELS) if item >> place & 1]


def made(loop: Loop, folder: Path) -> str:
    """The project of `labelloop init`; that it is of several labels is known by its lists."""
    for name, start in (("pool", 0), ("test", 64)):
        rows = [
            {
                "text": f"a mail about {' and '.join(gold(item)) or 'nothing'}, number {item}",
                "labels": gold(item),
            }
            for item in range(start, start + 32)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    learner = ("--model", TINY, "--classifier", "linear", "--cold-start", "random")
    size = ("--batch-size", SIZE, "--batches", BATCHES, "--lookahead", 0, "--labels", ",".join(LABELS))
    data = ("--dataset", folder / "pool.jsonl", "--test", folder / "test.jsonl")
    return str(json.loads(loop.command("init", *data, *learner, *size, "--json"))["project"])


def values(record: dict[str, Any]) -> list[list[str]]:
    """What people chose on a record."""
    return [response["values"]["label"]["value"] for response in record["responses"]]


def label_all(person: Person, records: Found) -> None:
    person.answer_all({record["id"]: gold(item) or [NONE] for item, record in records.items()})


def test_several_labels_go_through_the_loop_and_come_out_as_lists(loop: Loop, tmp_path: Path) -> None:
    project = made(loop, tmp_path)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.start(*SERVICES)
    loop.until(lambda: len(owner.records(0)) == SIZE)

    first = owner.records(0)
    one, other, *_ = first
    ann.answer(first[one]["id"], [NONE])
    ann.answer(first[other]["id"], [LABELS[2], NONE, LABELS[0]])
    loop.wait(project, lambda state: sum(1 for answer in state.batches["0"].answers if answer.votes) == 2)
    for service in SERVICES:
        loop.kill(service)
    owner.delete_dataset()
    loop.start(*SERVICES)
    loop.until(lambda: len(owner.records(0)) == SIZE)
    back = owner.records(0)
    assert {item: values(record) for item, record in back.items() if record["responses"]} == {
        one: [[NONE]],
        other: [[LABELS[0], LABELS[2]]],
    }

    for batch in range(BATCHES):
        loop.until(lambda batch=batch: len(owner.records(batch)) == SIZE)  # type: ignore[misc]
        records = owner.records(batch)
        for suggestion in (each for record in records.values() for each in record["suggestions"] if batch):
            assert set(suggestion["value"]) <= {*LABELS} or suggestion["value"] == [NONE]
            assert len(suggestion["score"]) == len(suggestion["value"])
        label_all(ann, records)
        if batch == 1:
            loop.kill("querier")
            loop.kill("trainer")
            loop.start("querier", "trainer")
    state = loop.wait(
        project, lambda state: finished(state) and len(state.evaluations) == len(state.models) > 0
    )
    assert current(state) == {item: tuple(gold(item)) for item in current(state)}
    assert len(current(state)) == SIZE * BATCHES
    assert all(evaluated.micro_f1 >= 0 for evaluated in state.evaluations.values())

    last = state.batches[str(BATCHES - 1)]
    changed = last.revisions[-1].items[0].item
    ann.answer(owner.records(BATCHES - 1)[changed]["id"], [NONE] if gold(changed) else [*LABELS])
    state = loop.wait(project, lambda state: "final-1" in state.evaluations)
    assert current(state)[changed] == (() if gold(changed) else LABELS)

    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    assert "micro-F1" in loop.command("status")
    loop.command("export", "--output", tmp_path / "out.jsonl")
    exported = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {row["item"]: tuple(row["labels"]) for row in exported} == current(state)
    loop.command("predict", "--output", tmp_path / "rest.jsonl")
    rest = [json.loads(line) for line in (tmp_path / "rest.jsonl").read_text().splitlines()]
    assert len(rest) == 32 - SIZE * BATCHES
    assert all(len(row["labels"]) == len(row["probabilities"]) for row in rest)
