"""Which events a consumer is given, and which never reach it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labelloop import Consumer, Event, LoopState, Unavailable, UserError, follow
from labelloop.log.sqlite.log import SqliteLog
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import read_status_file
from schemas import events as e
from schemas.envelope import datahash, new_event
from tests.support.controllers import until
from tests.support.messages import names, raises_naming
from tests.support.plugged import GROUP, Noting, at_work, once, running
from tests.support.states import PROJECT, all_answered, annotated, project, queried


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    yield log
    await log.close()


def event(data: e.EventData, name: str = PROJECT, **attributes: str) -> Event:
    made = new_event(name, data, source="tests")
    return Event({**made.attributes, **attributes}, made.data)


def damaged() -> Event:
    made, data = event(annotated()), b'{"batch": "0"}'
    return Event({**made.attributes, "datahash": datahash(data)}, data)


def skipping(bad: Event) -> Event:
    return event(e.EventSkipped(request="s", who="ada", event=bad.id, content=datahash(bad.data)))


async def test_a_halted_project_waits_and_the_others_go_on(log: SqliteLog, tmp_path: Path) -> None:
    bad = damaged()
    await log.append(event(project()), event(queried()), bad, event(e.ProjectPaused(request="p", who="a")))
    await log.append(event(project(), "other"), event(queried(), "other"))
    consumer = Noting()

    async with at_work(running(log, consumer, status=ServiceStatus(GROUP, tmp_path))):
        await until(lambda: len(consumer.of("other")) == 2)
        assert consumer.of(PROJECT) == ["ProjectCreated", "BatchQueried"]
        assert PROJECT in read_status_file(tmp_path, GROUP)["halted"]


async def test_what_waited_is_given_once_the_project_goes_on_though_the_consumer_was_restarted(
    log: SqliteLog,
) -> None:
    bad = damaged()
    await log.append(event(project()), event(queried()), bad, event(e.ProjectPaused(request="p", who="a")))
    await once(log, Noting())
    await log.append(skipping(bad), event(all_answered()))
    consumer = Noting()

    await once(log, consumer)

    assert [(name, length) for _, name, length in consumer.noted] == [
        ("ProjectPaused", 3),
        ("EventSkipped", 4),
        # Its id was that of the damaged one, which is skipped by its bytes.
    ]


async def test_what_waited_is_given_though_the_first_of_it_fails(log: SqliteLog) -> None:
    class Picky(Noting):
        """Does not like pauses."""

        def handle(self, event: Event, state: LoopState) -> None:
            if event.name == "ProjectPaused":
                raise ValueError("a pause")
            super().handle(event, state)

    bad, pause = damaged(), event(e.ProjectPaused(request="p", who="a"))
    await log.append(event(project()), event(queried()), bad, pause)
    await log.append(event(queried("1", (3, 4))), skipping(bad))
    consumer = Picky()

    await once(log, consumer)

    # At each of the four attempts.
    assert consumer.lengths == [1, 2, *4 * [4, 5]]
    (letter,) = (await log.dead_letters.read()).values()
    assert names(letter.reason, "ValueError: a pause", "ProjectPaused", pause.id, "3")


async def test_what_is_void_after_a_move_is_not_given(log: SqliteLog) -> None:
    there = e.ProjectMoved(request="m", who="ada", log="kafka:there", address="kafka://there", events=1)
    late = event(e.ProjectPaused(request="late", who="ada"))
    await log.append(event(project()), event(there), late)
    consumer = Noting()

    await once(log, consumer)

    assert consumer.of(PROJECT) == ["ProjectCreated", "ProjectMoved"]


async def test_what_an_older_version_does_not_know_and_may_skip_is_not_given(log: SqliteLog) -> None:
    new = event(e.ProjectPaused(request="p", who="ada"), type="labelloop.Praised.v1", mustunderstand="false")
    await log.append(event(project()), new)
    consumer = Noting()

    await once(log, consumer)

    assert consumer.of(PROJECT) == ["ProjectCreated"]


async def test_one_project_can_be_followed_alone(log: SqliteLog) -> None:
    await log.append(event(project()), event(project(), "other"), event(queried()))
    consumer = Noting()

    await once(log, consumer, project="other")

    assert consumer.noted == [("other", "ProjectCreated", 1)]


async def test_a_method_that_waits_may_be_async(log: SqliteLog) -> None:
    class Waiting(Consumer):
        """Lets others go on while it handles."""

        def __init__(self) -> None:
            self.lengths: list[int] = []

        async def handle(self, event: Event, state: LoopState) -> None:
            await asyncio.sleep(0)
            self.lengths.append(state.length)

    await log.append(event(project()), event(queried()))
    consumer = Waiting()

    await once(log, consumer)

    assert consumer.lengths == [1, 2]


async def test_one_that_raises_stop_iteration_fails_as_with_any_error(log: SqliteLog) -> None:
    await log.append(event(project()), event(queried()))
    consumer = Noting(*(StopIteration() for _ in range(4)))

    await once(log, consumer)

    (letter,) = (await log.dead_letters.read()).values()
    assert names(letter.reason, "RuntimeError", "StopIteration")
    assert consumer.lengths == [2]


async def test_a_stop_waits_for_what_is_being_handled_and_that_does_not_come_again(log: SqliteLog) -> None:
    begun, may_end = threading.Event(), threading.Event()

    class Slow(Noting):
        """Takes its time."""

        def handle(self, event: Event, state: LoopState) -> None:
            begun.set()
            assert may_end.wait(30)
            super().handle(event, state)

    await log.append(event(project()), event(queried()))
    slow, after = Slow(), Noting()

    async with at_work(running(log, slow)):
        await until(begun.is_set)
        # Only if the stop does not block the loop is this called.
        asyncio.get_running_loop().call_later(0.1, may_end.set)
    await once(log, after)

    assert (slow.lengths, after.lengths) == ([1], [2])


async def test_it_is_observed_as_services_are(log: SqliteLog) -> None:
    instruments = ServiceStatus(GROUP)
    await log.append(event(project()), event(queried()))
    consumer = Noting(ValueError("odd"), Unavailable("the mail server is away"))

    async with at_work(running(log, consumer, status=instruments)):
        await until(lambda: consumer.lengths == [1, 2])
        await until(lambda: instruments.health.unreadiness() is None)

    def value(name: str, **labels: str) -> float | None:
        return instruments.metrics.registry.get_sample_value(
            f"labelloop_{name}", {"service": GROUP, "project": PROJECT, **labels}
        )

    assert value("events_handled_total", type="BatchQueried") == 1
    assert value("failures_total", kind="ValueError") == 1
    assert value("waits_total") == 1
    assert value("batches_open") == 1


async def test_a_consumer_that_waits_is_not_ready(log: SqliteLog) -> None:
    instruments = ServiceStatus(GROUP)
    await log.append(event(project()))
    away = [Unavailable(f"no answer {number}", outage="mail") for number in range(1000)]

    async with at_work(running(log, Noting(*away), status=instruments)):
        await until(lambda: "no answer" in (instruments.health.unreadiness() or ""))


async def test_a_script_cannot_follow_as_a_service(log: SqliteLog, tmp_path: Path) -> None:
    await log.append(event(project()))

    with raises_naming(UserError, "trainer", "--group"):
        await anext(follow(f"sqlite:///{tmp_path}/log.sqlite", group="trainer"))


async def test_a_script_follows_a_log_by_its_address(log: SqliteLog, tmp_path: Path) -> None:
    await log.append(event(project()), event(queried()), event(project(), "other"))
    where, met = f"sqlite:///{tmp_path}/log.sqlite", []

    async for found, state in follow(where, group="script"):
        met.append((found.name, state.length))
        if found.project == "other":
            break
    async for found, state in follow(where, group="script"):
        met.append((found.name, state.length))
        break

    assert met == [("ProjectCreated", 1), ("BatchQueried", 2), ("ProjectCreated", 1), ("ProjectCreated", 1)]
