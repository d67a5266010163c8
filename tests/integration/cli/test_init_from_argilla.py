"""`labelloop init --argilla-dataset`: what is read of a data set in Argilla, and what is refused."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from tests.support.argilla_api import ApiDataset, make_dataset, record
from tests.support.argilla_server import ArgillaServer
from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.people import Person
from tests.support.tiny_bert import TINY

HOSTILE = "<script>alert(1)</script> &amp; {{7*7}} ![x](http://x)"
LEARNER = ("--classifier", "linear", "--model", TINY, "--batch-size", 2)


def access(server: ArgillaServer) -> tuple[str, ...]:
    return ("--argilla-url", server.url, "--argilla-key", server.login.api_key)


def answer(person: Person, label: str | list[str] | None, question: str = "label") -> dict[str, Any]:
    values = None if label is None else {question: {"value": label}}
    return {
        "user_id": person.id,
        "status": "submitted" if label else "discarded",
        **({"values": values} if values else {}),
    }


@pytest.fixture
def ann(argilla_server: ArgillaServer) -> Person:
    return Person(argilla_server)


def init(home: Path, server: ArgillaServer, made: ApiDataset, *more: object) -> Any:
    address = f"{made.name}/{made.name}"
    return labelloop("init", "--home", home, "--argilla-dataset", address, *LEARNER, *access(server), *more)


def test_texts_votes_and_guidelines_come_from_argilla(
    argilla_server: ArgillaServer, ann: Person, tmp_path: Path
) -> None:
    """Given a data set of people's own, with two fields, metadata and answers of two people."""
    bob = Person(argilla_server)
    with argilla_server.client() as client:
        made = make_dataset(client, fields=("subject", "body"), questions=(("kind", "label_selection"),))
        rows: list[Mapping[str, Any]] = [
            {"subject": HOSTILE, "body": "first"},
            {"subject": "second"},
            {"subject": "third", "body": "3"},
            {"subject": "fourth", "body": "4"},
        ]
        given: list[list[dict[str, Any]]] = [
            [answer(ann, "human", "kind"), answer(bob, "location", "kind")],
            [answer(bob, "number", "kind")],
            [answer(ann, None, "kind")],
            [],
        ]
        made.put(
            [
                {**record(0, rank), "fields": fields, "responses": responses}
                for rank, (fields, responses) in enumerate(zip(rows, given, strict=True))
            ]
        )

    columns = ("--text-column", "subject", "--text-column", "body", "--keep-columns", "id,rank")
    first = init(tmp_path / "home", argilla_server, made, *columns, "--name", "mail", "--json")
    again = init(tmp_path / "home", argilla_server, made, "--name", "mail", "--json")

    assert json.loads(first.stdout)["new"]
    assert not json.loads(again.stdout)["new"]
    exported = tmp_path / "labels.csv"
    assert labelloop("export", "--home", tmp_path / "home", "--output", exported).exit_code == 0
    with exported.open(newline="", encoding="utf-8") as file:
        by_id = {row["id"]: row for row in csv.DictReader(file)}
    assert {name: row["label"] for name, row in by_id.items()} == {"0:0": "human", "0:1": "number", "0:2": ""}
    assert by_id["0:0"]["text"] == f"{HOSTILE}\n\nfirst"
    assert by_id["0:0"]["rank"] == "0"
    assert {vote["username"] for vote in json.loads(by_id["0:0"]["votes"])} == {ann.name, bob.name}
    assert by_id["0:2"]["discarded"] == "true"


def test_a_question_for_several_labels_begins_a_project_of_several(
    argilla_server: ArgillaServer, ann: Person, tmp_path: Path
) -> None:
    bob = Person(argilla_server)
    with argilla_server.client() as client:
        made = make_dataset(client, questions=(("topics", "multi_label_selection"),))
        given: list[list[dict[str, Any]]] = [
            [answer(ann, ["number", "human"], "topics"), answer(bob, ["human"], "topics")],
            [answer(ann, ["human"], "topics"), answer(bob, ["number"], "topics")],
            [answer(bob, None, "topics")],
            [],
        ]
        made.put(
            [
                {**record(0, rank, text=f"text {rank}"), "responses": responses}
                for rank, responses in enumerate(given)
            ]
        )

    first = init(tmp_path / "home", argilla_server, made, "--name", "topics", "--json")
    again = init(tmp_path / "home", argilla_server, made, "--name", "topics", "--json")

    assert json.loads(first.stdout)["new"], first.output
    assert not json.loads(again.stdout)["new"]
    exported = labelloop("export", "--home", tmp_path / "home", "--output", "-").stdout.splitlines()
    labels = {row["text"]: row["labels"] for row in map(json.loads, exported)}
    assert labels == {"text 0": ["human"], "text 1": [], "text 2": None}


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"questions": (("a", "label_selection"), ("b", "label_selection"))}, ("2 questions", "'a', 'b'")),
        ({"questions": (("stars", "rating"),)}, ("rating", "stars")),
        ({"fields": ("photo",), "field": "image"}, ("'photo'", "image")),
        ({"is_published": False}, ("not published",)),
        ({}, ("no records",)),
    ],
)
def test_what_no_project_can_begin_with_is_refused(
    how: Mapping[str, Any], named: tuple[str, ...], argilla_server: ArgillaServer, tmp_path: Path
) -> None:
    with argilla_server.client() as client:
        made = make_dataset(client, **how)

    refused = init(tmp_path / "home", argilla_server, made)

    assert names(error_line(refused), made.name, *named)
    assert not open_home(tmp_path / "home").log.exists()


@pytest.mark.parametrize("address", ["nobody/has-it", "mail", "/mail", "team/"])
def test_a_name_that_is_none_is_told(address: str, argilla_server: ArgillaServer, tmp_path: Path) -> None:
    asked = ("init", "--home", tmp_path / "home", "--argilla-dataset", address, *access(argilla_server))

    assert names(error_line(labelloop(*asked)), address.rpartition("/")[2] or address)


def test_without_an_argilla_it_is_said_how_to_name_one(tmp_path: Path) -> None:
    refused = labelloop("init", "--home", tmp_path / "home", "--argilla-dataset", "team/mail")

    assert names(error_line(refused), "labelloop up")
