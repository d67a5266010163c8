"""Argilla wakes the watcher, which here hardly ever looks by itself: after kills and restarts too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.oracle.argilla.webhooks import ANSWERS
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person
from tests.support.receivers import a_hook

WATCHER = "annotation_watcher"
HERE = "http://127.0.0.1:0"


def woken(home: Path, server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(home, server) as loop:
        loop.woken = True
        loop.start("querier")
        start(loop)
        yield loop


@pytest.fixture
def loop(tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[Loop]:
    yield from woken(tmp_path / "loop", argilla_server)


@pytest.fixture
def own_loop(tmp_path: Path, own_argilla_server: ArgillaServer) -> Iterator[Loop]:
    yield from woken(tmp_path / "loop", own_argilla_server)


def start(loop: Loop) -> None:
    """Start the watcher, and wait until Argilla knows where it is."""
    before = loop.log_of(WATCHER).count("http://127.0.0.1") if (loop.home / f"{WATCHER}.log").exists() else 0
    loop.start(WATCHER, LABELLOOP_WEBHOOK_URL=HERE)
    loop.until(lambda: loop.log_of(WATCHER).count("http://127.0.0.1") > before)


def webhooks(loop: Loop) -> list[str]:
    return [each["url"] for each in ok(loop.argilla.client().get("/webhooks"))["items"]]


def begin(loop: Loop) -> tuple[str, Owner, Person]:
    """A project of three batches of three."""
    project = loop.create(texts(12), batch_size=3, max_batches=3)
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == len(owner.records(1)) == 3)
    return project, owner, Person(loop.argilla)


def label(loop: Loop, project: str, owner: Owner, person: Person, batch: int) -> None:
    """Answer one after the other. The last answer wakes the watcher, or the batch is not done."""
    for item, record in owner.records(batch).items():
        person.answer(record["id"], "spam" if item % 2 else "ham")
    loop.wait(project, lambda state: state.batches[str(batch)].done)


def test_the_answer_that_completes_a_batch_wakes_it_also_after_a_kill(loop: Loop) -> None:
    project, owner, ann = begin(loop)
    label(loop, project, owner, ann, 0)
    (first,) = webhooks(loop)

    loop.kill(WATCHER)
    for record in list(owner.records(1).values())[:2]:
        ann.answer(record["id"], "spam")  # Nobody takes what it tells of these.
    start(loop)
    label(loop, project, owner, ann, 1)

    (second,) = webhooks(loop)
    assert second != first
    assert loop.stop(WATCHER) == 0
    assert webhooks(loop) == []


@pytest.mark.all_cells
def test_what_the_server_lost_is_made_again_and_a_receiver_that_is_silent_stops_nobody(
    own_loop: Loop,
) -> None:
    server = own_loop.argilla
    project, owner, ann = begin(own_loop)
    with a_hook() as silent:
        silent.answers.clear()
        client = server.client()
        (lost,) = ok(client.get("/webhooks"))["items"]
        ok(client.delete(f"/webhooks/{lost['id']}"))
        ok(client.post("/webhooks", json={"url": silent.plain_url, "events": ANSWERS}))
        server.kill()
        server.start()

        own_loop.until(lambda: len(webhooks(own_loop)) == 2)
        label(own_loop, project, owner, ann, 0)

        own_loop.until(lambda: silent.posted)
        assert server.stop() == 0
        assert own_loop.stop(WATCHER) == 0
        assert not silent.answers.is_set()
