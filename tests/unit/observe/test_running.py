"""What can be seen of a controller at work on a real log: readiness, metrics, what its lines are about."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.log.base import Arrived, Change, Log, Ownership, StandingBy
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.state import LoopState
from labelloop.observe.logs import about_event
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime import service
from labelloop.runtime.controller import Polled
from schemas.envelope import Event, datahash, new_event
from tests.support.controllers import Batches, events, running, until, until_state
from tests.support.messages import lines, lines_about, names
from tests.support.states import PROJECT, all_answered, project, queried

OTHER = "news-0000"


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    yield log
    await log.close()


@pytest.fixture
async def log(empty: SqliteLog) -> SqliteLog:
    await empty.append(new_event(PROJECT, project(), source="tests"))
    return empty


@pytest.fixture
def seen() -> ServiceStatus:
    return ServiceStatus("batches")


def value(seen: ServiceStatus, name: str, **labels: str) -> float | None:
    return seen.metrics.registry.get_sample_value(f"labelloop_{name}", {"service": "batches", **labels})


def of_project(seen: ServiceStatus, name: str, **labels: str) -> float | None:
    return value(seen, name, project=PROJECT, **labels)


def is_ready(seen: ServiceStatus) -> bool:
    return seen.health.unreadiness() is None


class Switch:
    """An effect and a poll that fail while an error is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def __call__(self, state: LoopState) -> Polled:
        if self.error is not None:
            raise self.error
        return Polled()


class Gated:
    """A log whose owner gets records only while the gate is open; calls `before` for each page of them."""

    def __init__(self, log: Log, before: Callable[[], None] = lambda: None) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_held = False
        self._log = log
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @asynccontextmanager
    async def own(self, service: str, standing_by: StandingBy) -> AsyncIterator[Any]:
        async with self._log.own(service, standing_by) as ownership:
            yield GatedOwnership(ownership, self)

    async def pass_on(self, ownership: Ownership) -> AsyncIterator[Change]:
        async for change in ownership:
            if isinstance(change, Arrived):
                self._before()
                self.is_held = not self.gate.is_set()
                await self.gate.wait()
            yield change


@dataclass
class GatedOwnership:
    ownership: Ownership
    log: Gated

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ownership, name)

    def __aiter__(self) -> AsyncIterator[Change]:
        return self.log.pass_on(self.ownership)


# Readiness


async def test_who_owns_an_empty_log_is_ready(empty: SqliteLog, seen: ServiceStatus) -> None:
    assert not is_ready(seen)

    async with running(empty, Batches(), seen):
        await until(lambda: is_ready(seen))


async def test_who_stands_by_is_ready_and_stays_so_when_it_takes_over(
    log: SqliteLog, seen: ServiceStatus, tmp_path: Path
) -> None:
    another, first = SqliteLog(tmp_path / "log.sqlite"), Batches()
    async with running(log, first, ServiceStatus("batches")) as owner:
        await until(lambda: first.polls > 0)
        second = Batches()
        async with running(another, second, seen):
            await until(lambda: is_ready(seen))
            assert second.polls == 0

            owner.cancel()
            await until(lambda: second.polls > 0)

            assert is_ready(seen)
    await another.close()


async def test_who_has_not_read_all_is_not_ready(
    log: SqliteLog, seen: ServiceStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelloop.log.sqlite.log.PAGE", 1)
    told = [queried(str(number), (number,)) for number in range(5)]
    await log.append(*(new_event(PROJECT, data, source="tests") for data in told))
    reasons: list[str | None] = []
    paged = cast(Log, Gated(log, before=lambda: reasons.append(seen.health.unreadiness())))

    async with running(paged, Batches(count=0), seen):
        await until(lambda: is_ready(seen))

    assert len(reasons) == 6
    assert all(reasons)


@pytest.mark.parametrize("error", [Unavailable("Argilla is away"), UserError("the key is refused")])
async def test_who_waits_for_what_it_needs_is_not_ready_until_it_is_there(
    error: Exception, log: SqliteLog, seen: ServiceStatus
) -> None:
    look = Switch(error)

    async with running(log, Batches(count=0, look=look), seen):
        await until(lambda: seen.health.unreadiness() == str(error))
        assert (of_project(seen, "waits_total") or 0) > 0

        look.error = None

        await until(lambda: is_ready(seen))


async def test_work_that_fails_again_and_again_leaves_the_service_ready(
    log: SqliteLog, seen: ServiceStatus
) -> None:
    fail = Switch(TaskError("out-of-memory", "no"))

    async with running(log, Batches(effect=fail), seen):
        await until(lambda: (of_project(seen, "failures_total", kind="out-of-memory") or 0) >= 2)

        assert is_ready(seen)


async def test_a_project_that_went_to_another_keeps_nobody_unready(
    log: SqliteLog, seen: ServiceStatus
) -> None:
    service = Batches(count=0, look=Switch(Unavailable("Argilla is away")))
    async with running(log, service, seen):
        await until(lambda: "Argilla is away" in str(seen.health.unreadiness()))

    assert "Argilla is away" not in str(seen.health.unreadiness())
    assert of_project(seen, "batches_open") is None


# Metrics


async def test_only_what_comes_after_the_start_counts_as_handled(log: SqliteLog, seen: ServiceStatus) -> None:
    await log.append(new_event(PROJECT, queried(items=(0,)), source="tests"))

    async with running(log, Batches(count=2), seen):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 2)
        await log.append(new_event(PROJECT, all_answered(items=(0,)), source="tests"))
        await until(lambda: of_project(seen, "labels_total") == 1)
        assert of_project(seen, "batches_open") == 1

    assert of_project(seen, "events_handled_total", type="ProjectCreated") is None
    assert of_project(seen, "events_handled_total", type="BatchQueried") == 1
    assert of_project(seen, "events_handled_total", type="BatchAnnotated") == 1


async def test_what_is_appended_and_done_is_counted_and_timed(log: SqliteLog, seen: ServiceStatus) -> None:
    async with running(log, Batches(count=3), seen):
        await until(lambda: of_project(seen, "batches_open") == 3)

    assert of_project(seen, "events_appended_total", type="BatchQueried") == 3
    assert value(seen, "append_seconds_count") == 3
    assert value(seen, "work_seconds_count") == 3
    assert of_project(seen, "query_seconds_count") == 3
    assert (value(seen, "poll_seconds_count") or 0) > 0


async def test_records_that_hold_no_event_are_counted(
    log: SqliteLog, seen: ServiceStatus, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
        connection.execute("INSERT INTO events (id, project, attributes, data) VALUES ('x', 'p', '{no', x'')")

    async with running(log, Batches(), seen):
        await until(lambda: value(seen, "invalid_records_total") == 1)
    assert value(seen, "strangers_total") == 1


async def test_a_halted_project_is_told(log: SqliteLog, seen: ServiceStatus) -> None:
    good = new_event(PROJECT, queried(), source="tests")
    await log.append(Event({**good.attributes, "datahash": datahash(b"{}")}, b"{}"))

    async with running(log, Batches(), seen):
        await until(lambda: of_project(seen, "halted") == 1)
        assert is_ready(seen)


async def test_a_take_over_is_counted(log: SqliteLog, seen: ServiceStatus, tmp_path: Path) -> None:
    def lose(state: LoopState) -> None:
        if not value(seen, "takeovers_total"):
            with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
                connection.execute("UPDATE leases SET epoch = epoch + 1, owner = NULL")

    async with running(log, Batches(count=1, effect=lose), seen):
        await until(lambda: value(seen, "takeovers_total") == 1)
        await until_state(log, PROJECT, lambda state: bool(state.batches))


async def test_the_lag_grows_while_the_service_does_not_read(
    log: SqliteLog, seen: ServiceStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LAG_INTERVAL", 0.01)
    gated = Gated(log)

    async with running(cast(Log, gated), Batches(count=0), seen):
        await until(lambda: is_ready(seen))
        gated.gate.clear()
        await log.append(new_event(PROJECT, queried(), source="tests"))
        await until(lambda: gated.is_held)
        await log.append(new_event(OTHER, project(), source="tests"))
        await until(lambda: value(seen, "lag_events") == 1)
        assert (value(seen, "lag_seconds") or 0) > 0

        gated.gate.set()

        await until(lambda: value(seen, "lag_events") == 0)


# Log lines


async def test_each_thing_done_and_each_event_appended_is_one_line(
    log: SqliteLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async with running(log, Batches(count=1), ServiceStatus("batches")):
        await until_state(log, PROJECT, lambda state: bool(state.batches))
        await until(lambda: bool(lines_about(caplog, "BatchQueried")))

    begun, done, appended = caplog.records
    for line in (begun, done):
        assert names(line.getMessage(), "pick batch 0")
    _, event = await events(log, PROJECT)
    assert vars(appended).items() >= about_event(event).items()


async def test_what_is_tried_again_is_begun_once(
    log: SqliteLog, seen: ServiceStatus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    away = Switch(Unavailable("the store is away"))

    async with running(log, Batches(count=1, effect=away), seen):
        await until(lambda: (of_project(seen, "waits_total") or 0) >= 2)
        away.error = None
        await until(lambda: bool(lines_about(caplog, "BatchQueried")))

    assert len(lines(caplog, "pick batch 0")) == 2, "that it begins, and that it is done"
