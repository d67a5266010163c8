"""A server whose database does not store answers for a while, as on a full disk."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from labelloop.oracle.server.environment import DATABASE
from tests.support.argilla_api import ApiDataset, make_dataset, ok, record
from tests.support.argilla_server import ArgillaServer


def change(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        connection.execute(statement)


def send(dataset: ApiDataset, *texts: str) -> httpx.Response:
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
        assert send(dataset, *texts).status_code == 503

    assert [item["error"] for item in ok(send(dataset, *texts))["items"]] == [None, None, None]


def test_an_answer_to_a_text_that_is_gone_is_refused(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client())
    text, gone = dataset.put([record(0, rank) for rank in range(2)])
    ok(dataset.client.delete(f"/datasets/{dataset.id}/records", params={"ids": gone}))

    taken, refused = ok(send(dataset, text, gone))["items"]

    assert taken["error"] is None
    assert "not found" in refused["error"]["detail"]
