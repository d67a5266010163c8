"""Texts with several columns go through the whole loop, on either log, and through kills."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from tests.support.loop import Loop
from tests.support.people import Found, Owner, Person, label_all
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer")
ROWS = [
    {
        "id": f"T{item}",
        "subject": f"<b>{LABELS[item % 3]}</b> {item}" if item % 4 else "",
        "text": f"a mail about {LABELS[item % 3]} &amp; more, number {item}",
        "from": f"person{item}" if item % 5 else "",
        "team": ("North", "South")[item % 2],
        "priority": str(item % 3 + 1),
    }
    for item in range(20)
]
COLUMNS = ("--text-column", "subject", "--text-column", "text", "--show-column", "from")
METADATA = ("--metadata-column", "team", "--metadata-column", "priority", "--keep-columns", "id")


def made(loop: Loop, folder: Path) -> str:
    """The project of `labelloop init`."""
    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    learner = ("--model", TINY, "--classifier", "linear", "--cold-start", "random")
    size = ("--batch-size", 5, "--batches", 3, "--lookahead", 0, "--labels", ",".join(LABELS))
    data = ("--dataset", folder / "tickets.csv", *COLUMNS, *METADATA)
    return str(json.loads(loop.command("init", *data, *learner, *size, "--json"))["project"])


def shown(records: Found) -> dict[int, tuple[dict[str, str], dict[str, Any]]]:
    """What people have of each text: fields and metadata of their own."""
    return {
        item: (record["fields"], {name: record["metadata"][name] for name in ("team", "priority")})
        for item, record in records.items()
    }


def expected(items: set[int]) -> dict[int, tuple[dict[str, str], dict[str, Any]]]:
    return {
        item: (
            {
                name: ROWS[item][name].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                for name in ("subject", "text", "from")
                if ROWS[item][name]
            },
            {"team": ROWS[item]["team"], "priority": int(ROWS[item]["priority"])},
        )
        for item in items
    }


@pytest.mark.all_cells
def test_columns_go_through_the_loop_and_come_out_under_their_names(loop: Loop, tmp_path: Path) -> None:
    project = made(loop, tmp_path)
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.start(*SERVICES)
    loop.until(lambda: len(owner.records(0)) == 5)
    assert shown(owner.records(0)) == expected(set(owner.records(0)))

    answered = list(owner.records(0).values())[:2]
    ann.answer_all({record["id"]: LABELS[0] for record in answered})
    loop.wait(project, lambda state: len(recorded(state)) == 2)
    for service in SERVICES:
        loop.kill(service)
    owner.delete_dataset()
    loop.start(*SERVICES)

    loop.until(lambda: len(owner.records(0)) == 5)
    back = owner.records(0)
    assert shown(back) == expected(set(back))
    assert {item for item, record in back.items() if record["responses"]} == {
        record["metadata"]["item"] for record in answered
    }
    for batch in range(3):
        loop.until(lambda batch=batch: len(owner.records(batch)) == 5)  # type: ignore[misc]
        assert shown(owner.records(batch)) == expected(set(owner.records(batch)))
        label_all(ann, owner.records(batch), lambda item: LABELS[item % 3])
        if batch == 1:
            loop.kill("querier")
            loop.kill("annotation_watcher")
            loop.start("querier", "annotation_watcher")
    state = loop.wait(project, lambda state: finished(state) and len(state.models) == 3)

    assert state.project.text_columns == ("subject", "text")
    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    loop.command("export", "--output", tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        exported = list(csv.DictReader(file))
    assert len(exported) == 15
    for row in exported:
        source = ROWS[int(row["source_row"])]
        own = {("source_text" if name == "text" else name): value for name, value in source.items()}
        assert row.items() >= own.items()
        assert row["text"] == "\n\n".join(filter(None, (source["subject"], source["text"])))


def recorded(state: LoopState) -> set[int]:
    """The texts of the first batch with an answer in the log."""
    batch = state.batches.get("0")
    return {answer.item for answer in batch.answers if answer.votes} if batch else set()
