"""A project begins with a data set that people made in Argilla, on either log, and through kills."""

import json
from typing import Any

import pytest

from labelloop.loop.schedule import finished
from tests.support.argilla_api import ApiDataset, make_dataset, ok
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer")
TEXTS = [f"a <i>mail</i> about {LABELS[item % 3]} &amp; more, number {item}" for item in range(16)]


def theirs(server: ArgillaServer, ann: Person, bob: Person) -> ApiDataset:
    """The team's data set: six texts answered by ann, one of them by bob too, and one discarded."""
    kind = ("kind", "label_selection")

    def answer(person: Person, label: str | None) -> dict[str, Any]:
        values = {"values": {"kind": {"value": label}}} if label else {}
        return {"user_id": person.id, "status": "submitted" if label else "discarded", **values}

    with server.client() as client:
        made = make_dataset(client, labels=LABELS, questions=(kind,))
        given = {item: [answer(ann, LABELS[item % 3])] for item in range(6)}
        given[0].append(answer(bob, LABELS[0]))
        given[6] = [answer(ann, None)]
        made.put(
            [
                {"external_id": f"m{item}", "fields": {"text": text}, "responses": given.get(item, [])}
                for item, text in enumerate(TEXTS)
            ]
        )
    return made


def everything(server: ArgillaServer, made: ApiDataset) -> Any:
    """All that the server says of a data set and its records."""
    with server.client() as client:
        params: dict[str, str | int] = {"include": "responses,suggestions", "limit": 100}
        records = ok(client.get(f"/datasets/{made.id}/records", params=params))
        return ok(client.get(f"/datasets/{made.id}")), records


def test_a_data_set_with_answers_becomes_a_project_and_stays_as_it_was(loop: Loop) -> None:
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    team = theirs(loop.argilla, ann, bob)
    before = everything(loop.argilla, team)
    access = ("--argilla-url", loop.argilla.url, "--argilla-key", loop.argilla.login.api_key)
    learner = ("--model", TINY, "--classifier", "linear", "--lookahead", 0)
    size = ("--batch-size", 3, "--batches", 2)
    source = ("--argilla-dataset", f"{team.name}/{team.name}")

    project = json.loads(loop.command("init", *source, *access, *learner, *size, "--json"))["project"]
    owner = Owner(loop.argilla, project)
    loop.start(*SERVICES)
    loop.until(lambda: len(owner.records(0)) >= 1)
    for service in SERVICES:
        loop.kill(service)
    owner.delete_dataset()
    loop.start(*SERVICES)

    loop.until(lambda: len(owner.answers(0)) == 8)
    assert owner.answers(0) == {
        **{(item, ann.name): ("submitted", LABELS[item % 3]) for item in range(6)},
        (0, bob.name): ("submitted", LABELS[0]),
        (6, ann.name): ("discarded", None),
    }
    ann.answer(owner.records(0)[1]["id"], LABELS[2])
    for batch in (1, 2):
        loop.until(lambda batch=batch: len(owner.records(batch)) == 3)  # type: ignore[misc]
        assert not owner.records(batch).keys() & set(range(7))
        label_all(ann, owner.records(batch), lambda item: LABELS[item % 3])
        if batch == 1:
            loop.kill("querier")
            loop.kill("trainer")
            loop.start("querier", "trainer")
    state = loop.wait(project, lambda state: finished(state) and len(state.models) == 3)

    assert state.batches["0"].revisions[-1].items[1].labels == (LABELS[2],)
    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    assert everything(loop.argilla, team) == before
