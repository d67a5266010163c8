"""An answer that a page kept, and sends late, against what the same person has done since."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from labelloop.oracle.server.environment import DATABASE
from tests.support.argilla_api import ApiDataset, make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer

HOUR_MS = 3_600_000


@pytest.fixture
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    return make_dataset(argilla_server.client())


@pytest.fixture
def text(dataset: ApiDataset) -> str:
    return dataset.put([record(0, 0)])[0]


def send(person: httpx.Client, text: str, label: str, ms_ago: object | None = None) -> str | None:
    """Send an answer as the page sends those that it kept; what the server objects to."""
    item = {"record_id": text, "status": "submitted", "values": {"label": {"value": label}}}
    (answer,) = ok(person.post("/me/responses/bulk", json={"items": [item]}, headers=late(ms_ago)))["items"]
    return answer["error"] and str(answer["error"]["detail"])


def late(ms_ago: object | None) -> dict[str, str]:
    return {} if ms_ago is None else {"X-Labelloop-Given-Ms-Ago": str(ms_ago)}


def responses(dataset: ApiDataset, text: str) -> list[dict[str, Any]]:
    return list(ok(dataset.client.get(f"/records/{text}"))["responses"])


def response(dataset: ApiDataset, text: str) -> dict[str, Any]:
    (found,) = responses(dataset, text)
    return found


def answer_in_bulk(person: httpx.Client, text: str) -> None:
    assert send(person, text, "human") is None


def answer_anew(person: httpx.Client, text: str) -> None:
    """As the page does, which changes the answer if there is one already."""
    answer = {"status": "submitted", "values": {"label": {"value": "human"}}}
    if person.post(f"/records/{text}/responses", json=answer).status_code == 409:
        answer_in_bulk(person, text)


def label(dataset: ApiDataset, text: str) -> str:
    return str(response(dataset, text)["values"]["label"]["value"])


def test_a_newer_answer_stays(dataset: ApiDataset, text: str) -> None:
    ada = dataset.annotator()
    respond(ada, text, "human")

    assert send(ada, text, "location", HOUR_MS) == "newer answer"
    assert label(dataset, text) == "human"


def test_a_newer_answer_stays_where_the_late_one_changes_an_answer(dataset: ApiDataset, text: str) -> None:
    ada = dataset.annotator()
    path = f"/responses/{respond(ada, text, 'human')}"
    change = {"status": "submitted", "values": {"label": {"value": "location"}}}

    refused = ada.put(path, json=change, headers=late(HOUR_MS))

    assert (refused.status_code, refused.json()["detail"]) == (409, "newer answer")
    assert label(dataset, text) == "human"
    ok(ada.put(path, json=change, headers=late(0)))
    assert label(dataset, text) == "location"


def test_a_late_answer_counts_from_when_it_was_given(dataset: ApiDataset, text: str) -> None:
    """Browsers kept an answer each: the one that was given last stays, whichever comes last."""
    ada = dataset.annotator()
    ok(ada.get("/me"))
    before = time.monotonic()

    assert send(ada, text, "human", HOUR_MS) is None
    assert send(ada, text, "location", round((time.monotonic() - before) * 1000)) is None
    assert send(ada, text, "number", HOUR_MS) == "newer answer"
    assert label(dataset, text) == "location"


def test_an_answer_that_has_arrived_already_is_no_other_answer(dataset: ApiDataset, text: str) -> None:
    """The server was killed after it had stored the answer and before it said so."""
    ada = dataset.annotator()
    respond(ada, text, "human")
    stored = response(dataset, text)

    assert send(ada, text, "human", HOUR_MS) is None
    assert response(dataset, text) == stored


def test_an_answer_that_was_withdrawn_since_does_not_come_back(dataset: ApiDataset, text: str) -> None:
    ada = dataset.annotator()
    ok(ada.delete(f"/responses/{respond(ada, text, 'human')}"))

    assert send(ada, text, "human", HOUR_MS) == "newer answer"
    assert responses(dataset, text) == []
    assert send(ada, text, "location", 0) is None
    assert label(dataset, text) == "location"


def test_an_answer_that_was_withdrawn_does_not_come_back_after_a_restart(
    own_argilla_server: ArgillaServer,
) -> None:
    dataset = make_dataset(own_argilla_server.client())
    text = dataset.put([record(0, 0)])[0]
    ada = dataset.annotator()
    ok(ada.delete(f"/responses/{respond(ada, text, 'human')}"))

    own_argilla_server.kill()
    own_argilla_server.start()

    assert send(ada, text, "human", HOUR_MS) == "newer answer"


def test_a_record_of_withdrawn_answers_can_be_deleted(dataset: ApiDataset, text: str) -> None:
    ada = dataset.annotator()
    ok(ada.delete(f"/responses/{respond(ada, text, 'human')}"))

    ok(dataset.client.delete(f"/datasets/{dataset.id}/records", params={"ids": text}))
    assert "not found" in str(send(ada, text, "human", HOUR_MS))


@pytest.mark.parametrize("newest", [answer_anew, answer_in_bulk])
def test_of_answers_that_come_at_the_same_moment_the_newest_stays(
    dataset: ApiDataset, newest: Callable[[httpx.Client, str], None]
) -> None:
    """Browsers send what they kept when the server is back, while their giver goes on."""
    texts = dataset.put([record(0, rank) for rank in range(10)])
    ada = dataset.annotator()
    with ThreadPoolExecutor(3) as pool:
        for text in texts:
            late = [pool.submit(send, ada, text, "location", HOUR_MS * hours) for hours in (1, 2)]
            newest(ada, text)
            wait(late)

    assert {label(dataset, text) for text in texts} == {"human"}


def test_the_answers_of_others_do_not_matter(dataset: ApiDataset, text: str) -> None:
    respond(dataset.annotator(), text, "human")

    assert send(dataset.annotator(), text, "location", HOUR_MS) is None


@pytest.mark.parametrize("ms_ago", [10**30, -5, "soon", "", "1e3"])
def test_an_answer_is_never_lost_by_what_a_page_claims(
    dataset: ApiDataset, text: str, ms_ago: object
) -> None:
    assert send(dataset.annotator(), text, "human", ms_ago) is None
    assert label(dataset, text) == "human"
    assert response(dataset, text)["updated_at"] >= ok(dataset.client.get(f"/records/{text}"))["inserted_at"]


def change(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        connection.execute(statement)


def send_in_bulk(dataset: ApiDataset, *texts: str) -> httpx.Response:
    answer = {"status": "submitted", "values": {"label": {"value": "human"}}}
    items = [{"record_id": text, **answer} for text in texts]
    return dataset.client.post("/me/responses/bulk", json={"items": items})


@contextmanager
def storing_none(home: Path) -> Iterator[None]:
    change(
        home, "CREATE TRIGGER full BEFORE INSERT ON responses BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    try:
        yield
    finally:
        change(home, "DROP TRIGGER full")


def test_answers_that_are_not_stored_are_not_refused(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client())
    texts = dataset.put([record(0, rank) for rank in range(3)])

    with storing_none(argilla_server.home):
        assert send_in_bulk(dataset, *texts).status_code == 503

    assert [item["error"] for item in ok(send_in_bulk(dataset, *texts))["items"]] == [None, None, None]


def test_an_answer_to_a_text_that_is_gone_is_refused(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client())
    text, gone = dataset.put([record(0, rank) for rank in range(2)])
    ok(dataset.client.delete(f"/datasets/{dataset.id}/records", params={"ids": gone}))

    taken, refused = ok(send_in_bulk(dataset, text, gone))["items"]

    assert taken["error"] is None
    assert "not found" in refused["error"]["detail"]
