"""A kill between the log and Argilla, on either side, heals itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.loop.labels import current
from labelloop.observe.status_file import IDLE
from tests.support.argilla_server import ArgillaServer
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all


@pytest.fixture
def proxy(argilla_server: ArgillaServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(argilla_server.url) as proxy:
        yield proxy


@pytest.fixture
def behind(tmp_path: Path, argilla_server: ArgillaServer, proxy: FaultyProxy) -> Iterator[Loop]:
    with a_loop(tmp_path / "home", argilla_server, proxy.url) as loop:
        yield loop


def bulk(proxy: FaultyProxy) -> list[str]:
    """The upserts that reached the server."""
    return [path for method, path in proxy.passed if method == "PUT" and path.endswith("/records/bulk")]


@pytest.mark.all_cells
def test_a_querier_killed_after_the_event_writes_the_records_when_it_is_back(
    behind: Loop, proxy: FaultyProxy
) -> None:
    project = behind.create(texts(6), batch_size=3, max_batches=2)
    proxy.refusing = lambda method, path: method == "PUT" and path.endswith("/records/bulk")
    behind.start("querier")
    behind.wait(project, lambda state: len(state.batches) == 2)
    behind.until(lambda: proxy.refused)
    behind.kill("querier")
    picked = [event.data for event in behind.events if event.name == "BatchQueried"]
    owner = Owner(behind.argilla, project)
    assert not owner.records(0)

    proxy.refusing = None
    behind.start("querier")

    behind.until(lambda: len(owner.records(0)) == len(owner.records(1)) == 3)
    behind.history(project)
    assert [event.data for event in behind.events if event.name == "BatchQueried"] == picked


def test_a_querier_killed_after_the_upsert_writes_no_record_twice(behind: Loop, proxy: FaultyProxy) -> None:
    project = behind.create(texts(6), batch_size=3, max_batches=2)
    proxy.silent = lambda method, path: method == "PUT" and path.endswith("/records/bulk")
    behind.start("querier")
    owner = Owner(behind.argilla, project)
    behind.until(lambda: len(owner.records(0)) == 3)
    behind.kill("querier")
    before = {item: record["id"] for item, record in owner.records(0).items()}

    proxy.silent = None
    behind.start("querier")

    behind.until(lambda: len(owner.records(1)) == 3 and len(bulk(proxy)) > 1)
    assert {item: record["id"] for item, record in owner.records(0).items()} == before
    assert len(bulk(proxy)) == 2, "one for each batch"


@pytest.mark.all_cells
def test_a_watcher_killed_before_it_could_say_so_says_it_when_it_is_back(loop: Loop) -> None:
    project = loop.create(texts(6), batch_size=3, max_batches=2)
    loop.start("querier", "annotation_watcher")
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 3)
    loop.until(lambda: loop.status_file("annotation_watcher").get("doing") == "idle")
    loop.kill("annotation_watcher")
    label_all(ann, owner.records(0), lambda item: "spam")
    assert not loop.state(project).batches["0"].answers

    loop.start("annotation_watcher")

    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert set(current(state)) == state.batches["0"].items


@pytest.mark.all_cells
def test_services_killed_at_each_event_end_in_the_same_state(loop: Loop) -> None:
    project = loop.create(texts(12), batch_size=3, max_batches=4, lookahead=3)
    loop.start("querier", "annotation_watcher")
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    kills = 0
    for batch in range(4):
        loop.wait(project, lambda state, b=batch: str(b) in state.batches)  # type: ignore[misc]
        for name in ("querier", "annotation_watcher"):
            assert loop.is_running(name)
            loop.kill(name)
            kills += 1
            loop.start(name)
        loop.until(lambda b=batch: len(owner.records(b)) == 3)  # type: ignore[misc]
        label_all(ann, owner.records(batch), lambda item: "spam" if item % 2 else "ham")
        loop.kill("annotation_watcher")
        loop.start("annotation_watcher")
        loop.wait(project, lambda state, b=batch: state.batches[str(b)].done)  # type: ignore[misc]

    state = loop.state(project)
    assert kills == 8
    assert current(state) == {item: ("spam" if item % 2 else "ham",) for item in range(12)}
    assert [len(batch.revisions) for batch in state.batches.values()] == [1, 1, 1, 1]
    assert loop.history(project).conflicts == 0


@pytest.mark.all_cells
def test_a_second_querier_waits_and_takes_over_when_the_first_dies(loop: Loop) -> None:
    project = loop.create(texts(6), batch_size=3, max_batches=2)
    loop.start("querier")
    loop.wait(project, lambda state: len(state.batches) == 2)
    first = loop.processes.pop("querier")
    loop.start("querier")
    second = loop.processes["querier"].pid
    loop.until(
        lambda: (
            loop.status_file("querier").get("pid") == second
            and loop.status_file("querier").get("doing") not in ("starting", IDLE)
        )
    )

    first.kill()
    first.wait()

    loop.until(lambda: loop.status_file("querier").get("doing") == IDLE)
    other = loop.create(texts(6), batch_size=3, max_batches=2)
    loop.wait(other, lambda state: len(state.batches) == 2)


@pytest.mark.all_cells
def test_a_service_stops_when_asked(loop: Loop) -> None:
    loop.create(texts(6), batch_size=3, max_batches=2)
    loop.start("querier", "annotation_watcher", "trainer", "evaluator")
    for name in loop.processes:
        loop.until(lambda n=name: loop.status_file(n).get("doing") not in (None, "starting"))  # type: ignore[misc]

    assert [loop.stop(name) for name in loop.processes] == [0, 0, 0, 0]
