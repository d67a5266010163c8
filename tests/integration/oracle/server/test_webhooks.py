"""Webhooks: a worker of Argilla's queue would call them, and none runs here."""

import psutil
from redis import Redis

from tests.support.argilla_api import make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer


def test_nothing_is_queued_for_a_worker_that_does_not_run(argilla_server: ArgillaServer) -> None:
    client = argilla_server.client()
    hook = {"url": "http://127.0.0.1:1", "events": ["response.created", "record.completed"]}
    made = ok(client.post("/webhooks", json=hook))
    dataset = make_dataset(client)
    (record_id,) = dataset.put([record(0, 0)])

    respond(dataset.annotator(), record_id, "human")

    assert queue(argilla_server).keys("rq:job:*") == []
    ok(client.delete(f"/webhooks/{made['id']}"))


def queue(server: ArgillaServer) -> "Redis":
    """Where the server's jobs wait: the other port that it listens on."""
    assert server.process is not None
    (port,) = {
        each.laddr.port
        for each in psutil.net_connections()
        if each.laddr and each.pid == server.process.pid and each.status == psutil.CONN_LISTEN
    } - {server.port}
    return Redis(port=port)
