"""Argilla away, killed, slow, or answering errors: said once, waited for, caught up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.loop.labels import current
from tests.support.argilla_server import ArgillaServer
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.loop import Loop, a_loop, texts
from tests.support.messages import names
from tests.support.people import Owner, Person, label_all

SERVICES = ("querier", "annotation_watcher")


@pytest.fixture
def proxy(argilla_server: ArgillaServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(argilla_server.url) as proxy:
        yield proxy


@pytest.fixture
def behind(tmp_path: Path, argilla_server: ArgillaServer, proxy: FaultyProxy) -> Iterator[Loop]:
    """A loop whose services reach Argilla through the proxy."""
    with a_loop(tmp_path / "home", argilla_server, proxy.url) as loop:
        yield loop


def complaints(loop: Loop, name: str) -> list[str]:
    """The warnings about Argilla, by its address."""
    return [line for line in loop.log_of(name).splitlines() if names(line, "[warning]", argilla_of(loop))]


def recoveries(loop: Loop, name: str) -> list[str]:
    return [line for line in loop.log_of(name).splitlines() if names(line, "[info]", argilla_of(loop))]


def argilla_of(loop: Loop) -> str:
    return loop.settings.argilla_url


def waiting(loop: Loop, name: str) -> object:
    return loop.status_file(name).get("waiting")


def test_errors_are_said_once_and_everything_is_caught_up(behind: Loop, proxy: FaultyProxy) -> None:
    project = behind.create(texts(6), batch_size=3, max_batches=2)
    proxy.status = 503
    behind.start(*SERVICES)
    for name in SERVICES:
        behind.until(lambda n=name: names(waiting(behind, n), proxy.url, 503))  # type: ignore[misc]
    behind.wait(project, lambda state: len(state.batches) == 2)
    behind.until(lambda: len(proxy.refused) >= 6)

    proxy.status = None

    owner, ann = Owner(behind.argilla, project), Person(behind.argilla)
    behind.until(lambda: len(owner.records(0)) == len(owner.records(1)) == 3)
    behind.until(lambda: recoveries(behind, "annotation_watcher"))
    proxy.status = 502
    label_all(ann, owner.records(0), lambda item: "spam")
    behind.until(lambda: names(waiting(behind, "annotation_watcher"), proxy.url, 502))
    proxy.status = None
    state = behind.wait(project, lambda state: state.batches["0"].done)

    assert set(current(state)) == set(owner.records(0))
    assert not state.failures
    behind.until(lambda: len(recoveries(behind, "annotation_watcher")) == 2)
    behind.until(lambda: "waiting" not in behind.status_file("querier"))
    assert len(complaints(behind, "annotation_watcher")) == 2
    assert len(complaints(behind, "querier")) == len(recoveries(behind, "querier"))


@pytest.mark.all_cells
def test_a_slow_argilla_only_takes_longer(behind: Loop, proxy: FaultyProxy) -> None:
    project = behind.create(texts(6), batch_size=3, max_batches=2)
    proxy.delay = 0.5
    behind.start(*SERVICES)
    owner, ann = Owner(behind.argilla, project), Person(behind.argilla)
    behind.until(lambda: len(owner.records(0)) == len(owner.records(1)) == 3)

    label_all(ann, owner.records(0) | owner.records(1), lambda item: "spam")

    state = behind.wait(project, lambda state: all(batch.done for batch in state.batches.values()))
    assert len(current(state)) == 6
    assert not complaints(behind, "annotation_watcher")


@pytest.mark.all_cells
def test_services_that_start_before_argilla_wait_for_it(
    tmp_path: Path, own_argilla_server: ArgillaServer
) -> None:
    own_argilla_server.kill()
    with a_loop(tmp_path / "loop", own_argilla_server) as loop:
        project = loop.create(texts(6), batch_size=3, max_batches=2)
        loop.start(*SERVICES)
        for name in SERVICES:
            loop.until(lambda n=name: names(waiting(loop, n), own_argilla_server.url))  # type: ignore[misc]

        own_argilla_server.start()

        owner = Owner(own_argilla_server, project)
        loop.until(lambda: len(owner.records(0)) == 3)
        ann = Person(own_argilla_server)
        first = next(iter(owner.records(0).items()))
        ann.answer(first[1]["id"], "spam")
        loop.wait(project, lambda state: state.batches["0"].answers)
        own_argilla_server.kill()
        loop.until(lambda: "waiting" in loop.status_file("annotation_watcher"))
        own_argilla_server.start()
        label_all(ann, {i: r for i, r in owner.records(0).items() if i != first[0]}, lambda item: "ham")

        state = loop.wait(project, lambda state: state.batches["0"].done)
        assert sorted(current(state).values()) == [("ham",), ("ham",), ("spam",)]
        assert not state.failures
        assert len(complaints(loop, "annotation_watcher")) == 2


def test_a_refused_key_is_said_and_waited_for(tmp_path: Path, argilla_server: ArgillaServer) -> None:
    with a_loop(tmp_path / "home", argilla_server) as loop:
        loop.create(texts(6), batch_size=3, max_batches=2)

        loop.start(*SERVICES, LABELLOOP_ARGILLA_KEY="wrong")

        for name in SERVICES:
            loop.until(lambda n=name: names(waiting(loop, n), argilla_server.url, "key"))  # type: ignore[misc]
            assert loop.is_running(name)
