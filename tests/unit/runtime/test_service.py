"""Controllers on a real log: restored, fed, tried again, fenced."""

import asyncio
import gc
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labelloop.log.sqlite.file import insert
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.state import CopyOnWriteDict, LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import IDLE, read_status_file
from labelloop.projects.catalog import created
from labelloop.projects.operator_requests import skip
from labelloop.runtime.controller import Outcome, Polled
from schemas.envelope import Event, datahash, new_event
from schemas.events import ProjectCreated, ProjectMoved, ProjectPaused
from tests.support.controllers import Batches, events, read, running, until, until_state
from tests.support.disks import fill
from tests.support.messages import levels, names
from tests.support.states import PROJECT, project, queried

OTHER = "news-0000"


def said(tmp_path: Path) -> dict[str, object]:
    return read_status_file(tmp_path, "batches")


async def test_what_is_due_is_done_until_nothing_is(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    service = Batches(count=3)

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 3)
        await until(lambda: said(tmp_path).get("doing") == IDLE)

    assert service.done == ["0", "1", "2"]
    created, *batches = await events(log, PROJECT)
    assert [event.name for event in batches] == ["BatchQueried"] * 3
    assert {(event.cause, event.source) for event in batches} == {(created.id, "batches")}


async def test_a_restarted_service_goes_on_from_the_log(log: SqliteLog, status: ServiceStatus) -> None:
    async with running(log, Batches(count=2), status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 2)
    again = Batches(count=3)

    async with running(log, again, status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 3)

    assert again.done == ["2"]


async def test_a_long_history_is_folded_without_copies(
    log: SqliteLog, status: ServiceStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append(*(new_event(PROJECT, queried(str(n), (n,)), source="tests") for n in range(10)))
    copied: list[int] = []

    class Counted(CopyOnWriteDict[Any, Any]):
        def __init__(self, copied_from: Mapping[Any, Any]) -> None:
            copied.append(len(copied_from))
            super().__init__(copied_from)

    monkeypatch.setattr("labelloop.loop.state.CopyOnWriteDict", Counted)
    service = Batches(count=0)

    async with running(log, service, status):
        await until(lambda: service.polls == 1)

    assert copied == [0], "an empty mapping is made, and then filled"


async def test_the_collector_looks_as_usual_once_all_is_read(log: SqliteLog, status: ServiceStatus) -> None:
    usual = gc.get_threshold()

    async with running(log, Batches(count=1), status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 1)
        # Nobody reads now but the service, and it has read everything.
        assert gc.get_threshold() == usual


async def test_a_new_project_is_served_as_it_comes(log: SqliteLog, status: ServiceStatus) -> None:
    async with running(log, Batches(count=1), status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))
        await log.append(new_event(OTHER, project(), source="tests"))

        await until_state(log, OTHER, lambda state: bool(state.batches))


async def test_polls_append_and_come_again(log: SqliteLog, status: ServiceStatus) -> None:
    def look(state: LoopState) -> Polled:
        number = len(state.batches)
        found = [Outcome(queried(str(number), (number,)), state.created_id)] if number < 3 else []
        return Polled(found, again_in=0.01)

    service = Batches(count=0, look=look)

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 3)
        await until(lambda: service.polls > 20)

    assert len(await events(log, PROJECT)) == 4


async def test_a_change_of_the_state_brings_the_next_poll_forward(
    log: SqliteLog, status: ServiceStatus
) -> None:
    service = Batches(count=0)
    async with running(log, service, status):
        await until(lambda: service.polls == 1)

        await log.append(new_event(PROJECT, ProjectPaused(request="1", who="ann"), source="tests"))

        await until(lambda: service.polls == 2)


async def test_a_halted_project_stops_no_other(log: SqliteLog, status: ServiceStatus, tmp_path: Path) -> None:
    known = new_event(PROJECT, queried(), source="tests")
    newer = Event({**known.attributes, "id": "n", "type": "labelloop.AnswersExplained.v1"}, known.data)
    await log.append(newer, new_event(OTHER, project(), source="tests"))
    service = Batches(count=1)

    async with running(log, service, status):
        await until_state(log, OTHER, lambda state: bool(state.batches))
        await until(lambda: "halted" in said(tmp_path))

    assert service.done == ["0"]
    halted = said(tmp_path)["halted"]
    assert isinstance(halted, dict)
    assert names(halted[PROJECT], "AnswersExplained")
    assert not created(await read(log, PROJECT)).batches


async def test_bytes_that_are_no_event_are_counted_and_passed_over(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
        connection.execute("INSERT INTO events (id, project, attributes, data) VALUES ('x', 'p', '{no', x'')")

    async with running(log, Batches(count=1), status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert said(tmp_path)["strangers"] == 1


async def test_who_comes_second_takes_what_was_first(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    """Another process wrote the same fact in other words while this one worked."""
    first = new_event(PROJECT, queried("0", (39,)), source="another")
    service = Batches(count=1, effect=lambda state: append_now(tmp_path, first))

    async with running(log, service, status):
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))
        await until(lambda: said(tmp_path).get("doing") == IDLE)

    assert [item.item for item in state.batches["0"].queried.items] == [39]
    assert len(await events(log, PROJECT)) == 2


def append_now(folder: Path, event: Event) -> None:
    with closing(sqlite3.connect(folder / "log.sqlite")) as connection, connection:
        insert(connection, [event])


async def test_a_fenced_service_appends_no_more_and_joins_again(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken_over = asyncio.Event()

    def lose(state: LoopState) -> None:
        if not taken_over.is_set():
            taken_over.set()
            with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
                connection.execute(
                    "UPDATE leases SET epoch = epoch + 1, owner = NULL WHERE service = 'batches'"
                )

    service = Batches(count=1, effect=lose)

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert service.done == ["0", "0"]
    assert len(await events(log, PROJECT)) == 2
    assert levels(caplog) == ["WARNING"]


async def test_what_took_long_is_not_done_again_because_the_log_could_not_be_written(
    tiny_disk: Path, status: ServiceStatus, tmp_path: Path
) -> None:
    log = SqliteLog(tiny_disk / "log.sqlite")
    await log.append(new_event(PROJECT, project(), source="tests"))
    fillers: list[Path] = []
    service = Batches(count=1, effect=lambda state: fillers.append(fill(tiny_disk)))
    service.batch = lambda name: queried(name, range(40), strategy="x" * 100_000)  # type: ignore[method-assign]

    async with running(log, service, status):
        await until(lambda: names(said(tmp_path).get("waiting"), tiny_disk / "log.sqlite"))
        assert not created(await read(log, PROJECT)).batches
        fillers.pop().unlink()
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert service.done == ["0"]
    await log.close()


async def test_a_project_that_is_halted_by_what_it_reads_next_stops(
    log: SqliteLog, status: ServiceStatus
) -> None:
    service = Batches(count=0)
    async with running(log, service, status):
        await until(lambda: service.polls == 1)
        good = new_event(PROJECT, queried(), source="tests")
        bad = Event({**good.attributes, "datahash": datahash(b"{}")}, b"{}")
        service.count = 1

        await log.append(bad)
        await log.append(new_event(OTHER, project(), source="tests"))

        await until_state(log, OTHER, lambda state: bool(state.batches))

    assert service.done == ["0"]
    assert isinstance((await events(log, OTHER))[0].payload, ProjectCreated)


async def test_what_is_due_no_more_once_it_is_done_is_dropped(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    class Pausable(Batches):
        def due(self, state: LoopState) -> str | None:
            return None if state.paused else super().due(state)

        def still_due(self, state: LoopState, work: str) -> bool:
            return self.due(state) == work

        async def do(self, state: LoopState, work: str) -> Sequence[Outcome]:
            await log.append(new_event(PROJECT, ProjectPaused(request="r", who="ada"), source="tests"))
            await arrived.wait()
            return await super().do(state, work)

        async def poll(self, state: LoopState) -> Polled:
            if state.paused:
                arrived.set()
            return Polled()

    arrived = asyncio.Event()
    service = Pausable(count=1)
    async with running(log, service, status):
        await until(lambda: bool(service.done) and said(tmp_path).get("doing") == IDLE)

    assert service.done == ["0"]
    assert not created(await read(log, PROJECT)).batches


async def test_a_turn_is_for_one_project_at_a_time(log: SqliteLog, status: ServiceStatus) -> None:
    class OneAtATime(Batches):
        working = most = 0

        async def do(self, state: LoopState, work: str) -> Sequence[Outcome]:
            self.working += 1
            self.most = max(self.most, self.working)
            for _ in range(5):
                await asyncio.sleep(0)
            self.working -= 1
            return await super().do(state, work)

    await log.append(new_event(OTHER, project(), source="tests"))
    service = OneAtATime(count=3)
    service.lock = asyncio.Lock()

    async with running(log, service, status):
        for name in (PROJECT, OTHER):
            await until_state(log, name, lambda state: len(state.batches) == 3)

    assert service.most == 1


async def test_what_a_skipped_event_should_have_said_is_done_anew(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    good = new_event(PROJECT, queried(), source="tests")
    await log.append(Event({**good.attributes, "datahash": datahash(b"{}")}, b"{}"))

    async with running(log, Batches(count=1), status):
        await until(lambda: "halted" in said(tmp_path))
        await skip(log, await read(log, PROJECT))
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))
        await until(lambda: "halted" not in said(tmp_path))

    assert state.batches["0"].queried_id != good.id
    about_it = [vars(line) for line in caplog.records if vars(line).get("project") == PROJECT]
    halted, goes_on = (line for line in about_it if "event_type" not in line)
    assert (halted["levelno"] > logging.INFO, goes_on["levelname"]) == (True, "INFO")


async def test_a_project_that_moved_away_is_worked_on_no_more(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    service = Batches(count=1)
    async with running(log, service, status):
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))
        elsewhere = ProjectMoved(
            request="r", who="ada", log="kafka:x/y", address="there", events=state.length
        )
        await log.append(new_event(PROJECT, elsewhere, source="tests"), fence=True)
        await log.append(new_event(OTHER, project(), source="tests"))
        service.count = 2

        await until_state(log, OTHER, lambda state: len(state.batches) == 2)

    assert created(await read(log, PROJECT)).batches.keys() == {"0"}
    assert service.done.count("1") == 1
