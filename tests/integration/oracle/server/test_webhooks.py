"""Webhooks are delivered by the server itself: no worker of Argilla's queue runs here."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from redis import Redis
from standardwebhooks.webhooks import Webhook

from tests.support.argilla_api import ApiDataset, make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer
from tests.support.receivers import a_hook

PATIENCE = 60.0
OF_ANSWERS = ("response.created", "response.updated", "response.deleted")


@pytest.fixture
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    return make_dataset(argilla_server.client())


@contextmanager
def told(server: ArgillaServer, url: str, events: Sequence[str] = OF_ANSWERS) -> Iterator[dict[str, Any]]:
    """A webhook for these events."""
    client = server.client()
    made = ok(client.post("/webhooks", json={"url": url, "events": events}))
    try:
        yield made
    finally:
        ok(client.delete(f"/webhooks/{made['id']}"))


def until(holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_what_happens_to_an_answer_is_told_in_order_and_signed(
    argilla_server: ArgillaServer, dataset: ApiDataset
) -> None:
    (record_id,) = dataset.put([record(0, 0)])
    ann = dataset.annotator()

    with a_hook() as hook, told(argilla_server, hook.plain_url) as made:
        response = respond(ann, record_id, "human")
        until(lambda: len(hook.posted) == 1)
        changed = {"status": "submitted", "values": {"label": {"value": "number"}}}
        ok(ann.put(f"/responses/{response}", json=changed))
        until(lambda: len(hook.posted) == 2)
        ok(ann.delete(f"/responses/{response}"))
        until(lambda: len(hook.posted) == 3)

    assert [event["type"] for event in hook.posted] == list(OF_ANSWERS)
    assert [event["data"]["values"]["label"]["value"] for event in hook.posted] == [
        "human",
        "number",
        "number",
    ]
    assert {event["data"]["record"]["dataset"]["name"] for event in hook.posted} == {dataset.name}
    for headers, body in hook.requests:
        Webhook(made["secret"]).verify(body, headers)  # raises if it is not signed


def test_a_webhook_gets_the_events_that_it_wants_while_it_is_there_and_enabled(
    argilla_server: ArgillaServer, dataset: ApiDataset
) -> None:
    records = dataset.put([record(0, rank) for rank in range(3)])
    ann, owner = dataset.annotator(), argilla_server.client()

    with a_hook() as hook, a_hook() as other, told(argilla_server, other.plain_url):
        with told(argilla_server, hook.plain_url, ("record.completed",)) as made:
            respond(ann, records[0], "human")
            until(lambda: hook.posted)
            ok(owner.patch(f"/webhooks/{made['id']}", json={"enabled": False}))
            respond(ann, records[1], "human")
        respond(ann, records[2], "human")
        until(lambda: len(other.posted) == 3)

    assert [event["type"] for event in hook.posted] == ["record.completed"]
    assert hook.posted[0]["data"]["id"] == records[0]


def test_a_receiver_that_is_away_or_does_not_answer_keeps_nobody_waiting(
    argilla_server: ArgillaServer, dataset: ApiDataset
) -> None:
    records = dataset.put([record(0, rank) for rank in range(10)])
    ann = dataset.annotator()

    with a_hook() as silent, a_hook() as hook:
        silent.answers.clear()
        with (
            told(argilla_server, "http://127.0.0.1:1"),
            told(argilla_server, silent.plain_url),
            told(argilla_server, hook.plain_url),
        ):
            for each in records:
                respond(ann, each, "human")
            until(lambda: len(hook.posted) == 10)

            # It has the first, and no other until it answers to that.
            assert len(silent.posted) == 1


def test_nothing_is_queued_for_a_worker_that_does_not_run(
    argilla_server: ArgillaServer, dataset: ApiDataset
) -> None:
    (record_id,) = dataset.put([record(0, 0)])

    with a_hook() as hook, told(argilla_server, hook.plain_url, [*OF_ANSWERS, "record.completed"]):
        respond(dataset.annotator(), record_id, "human")
        until(lambda: len(hook.posted) == 2)

    assert queue(argilla_server).keys("rq:job:*") == []


def queue(server: ArgillaServer) -> "Redis":
    """Where the server's jobs would wait: the other port that it listens on."""
    assert server.process is not None
    (port,) = {
        each.laddr.port
        for each in psutil.net_connections()
        if each.laddr and each.pid == server.process.pid and each.status == psutil.CONN_LISTEN
    } - {server.port}
    return Redis(port=port)
