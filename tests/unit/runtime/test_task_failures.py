"""What fails or is away is tried again, recorded and said; what cannot pass pauses the project."""

import logging
from pathlib import Path

import pytest

from labelloop.backoff import Backoff
from labelloop.errors import TaskError, Unavailable, UserError
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import IDLE, read_status_file
from labelloop.projects.catalog import created
from labelloop.projects.operator_requests import resume
from labelloop.runtime.controller import Polled
from schemas.events import ProjectPaused
from tests.support.controllers import Batches, events, read, running, until, until_state
from tests.support.messages import levels, names
from tests.support.states import PROJECT


def said(tmp_path: Path) -> dict[str, object]:
    return read_status_file(tmp_path, "batches")


class Failing:
    """Fails the first times that it is called."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def __call__(self, state: LoopState) -> None:
        if self._errors:
            raise self._errors.pop(0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(Backoff, "next", lambda self: 0.01)


async def test_a_failure_is_recorded_and_tried_again(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path, impatient: None
) -> None:
    service = Batches(count=1, effect=Failing(TaskError("disk-full", "no\nspace"), ValueError("odd")))

    async with running(log, service, status):
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))
        await until(lambda: said(tmp_path).get("doing") == IDLE)

    failures = [event.payload for event in await events(log, PROJECT) if event.name == "ServiceFailed"]
    assert [(f.service, f.due, f.kind, f.error, f.attempt) for f in failures] == [  # type: ignore[attr-defined]
        ("batches", "pick batch 0", "disk-full", "disk-full: no space", 1),
        ("batches", "pick batch 0", "ValueError", "odd", 2),
    ]
    assert state.failures["batches", "pick batch 0"].event.attempt == 2
    assert service.done == ["0", "0", "0"]
    assert "failure" not in said(tmp_path)


async def recorded_attempts(log: SqliteLog) -> list[int]:
    return [e.payload.attempt for e in await events(log, PROJECT) if e.name == "ServiceFailed"]  # type: ignore[attr-defined]


async def test_the_same_failure_is_recorded_ever_more_rarely_and_another_one_at_once(
    log: SqliteLog, status: ServiceStatus, impatient: None
) -> None:
    same, other = [ValueError("odd")] * 6, [TaskError("disk-full", "no space")] * 2
    service = Batches(count=1, effect=Failing(*same, *other))

    async with running(log, service, status):
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert await recorded_attempts(log) == [1, 2, 4, 7, 8]
    assert state.failures["batches", "pick batch 0"].event.kind == "disk-full"
    assert service.done == ["0"] * 9


async def test_after_it_worked_a_failure_is_a_new_one(
    log: SqliteLog, status: ServiceStatus, impatient: None
) -> None:
    fails = iter([True] * 6 + [False, True, True])

    def look(state: LoopState) -> Polled:
        if next(fails, False):
            raise ValueError("odd")
        return Polled(again_in=0.01)

    service = Batches(count=0, look=look)
    async with running(log, service, status):
        await until(lambda: service.polls >= 12)

    assert await recorded_attempts(log) == [1, 2, 4, 7, 8]


async def pauses(log: SqliteLog) -> list[tuple[str, str]]:
    told = [e.payload for e in await events(log, PROJECT) if e.name == "ProjectPaused"]
    return [(pause.who, pause.why) for pause in told if isinstance(pause, ProjectPaused)]


async def test_a_failure_that_cannot_pass_pauses_the_project_until_it_is_resumed(
    log: SqliteLog, status: ServiceStatus, impatient: None
) -> None:
    service = Batches(count=1, effect=Failing(*[TaskError("bad-input", "no such layer")] * 3), pauses=True)

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: state.paused)
        await until(lambda: len(service.done) >= 2)
        ((who, why),) = await pauses(log)
        assert (who, names(why, "pick batch 0", "no such layer")) == ("batches", True)

        await resume(log, await read(log, PROJECT))

        state = await until_state(log, PROJECT, lambda state: bool(state.batches))
    assert len(await pauses(log)) in (1, 2), "it may fail once more, or work at once"
    assert state.failures


@pytest.mark.parametrize(
    ("error", "count", "is_paused"),
    [
        (ValueError("odd"), 7, False),
        (ValueError("odd"), 8, True),
        (TaskError("crashed", "signal 11"), 8, True),
        (TaskError("disk-full", "no space"), 12, False),
        (Unavailable("the store is away"), 12, False),
        (UserError("the key is refused"), 12, False),
    ],
)
async def test_what_may_pass_pauses_nothing(
    log: SqliteLog, status: ServiceStatus, impatient: None, error: Exception, count: int, is_paused: bool
) -> None:
    service = Batches(count=1, effect=Failing(*[error] * count), pauses=True)

    async with running(log, service, status):
        state = await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert state.paused == is_paused


async def test_a_service_that_the_loop_does_not_need_pauses_nothing(
    log: SqliteLog, status: ServiceStatus, impatient: None
) -> None:
    service = Batches(count=1, effect=Failing(TaskError("bad-input", "no such layer")))

    async with running(log, service, status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert await pauses(log) == []


async def test_attempts_are_counted_over_restarts(
    log: SqliteLog, status: ServiceStatus, impatient: None
) -> None:
    for least in (1, 2):
        async with running(log, Batches(count=1, effect=Failing(*[ValueError("odd")] * 9)), status):
            await until_state(
                log,
                PROJECT,
                lambda s, least=least: any(f.event.attempt >= least for f in s.failures.values()),  # type: ignore[misc]
            )

    attempts = await recorded_attempts(log)
    assert attempts == [2**power for power in range(len(attempts))]
    assert len(attempts) >= 2


@pytest.mark.parametrize("error", [Unavailable("Argilla is away"), UserError("the key is refused")])
async def test_what_is_away_is_said_once_and_when_it_is_back(
    error: Exception,
    log: SqliteLog,
    status: ServiceStatus,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    impatient: None,
) -> None:
    caplog.set_level(logging.INFO)
    away = [error]

    def effect(state: LoopState) -> None:
        if away:
            raise away[0]

    service = Batches(count=1, effect=effect)
    async with running(log, service, status):
        await until(lambda: said(tmp_path).get("waiting") == str(error) and len(service.done) > 3)
        away.clear()
        await until_state(log, PROJECT, lambda state: bool(state.batches))
        await until(lambda: "waiting" not in said(tmp_path))

    assert levels(caplog, error) == ["WARNING", "INFO"]
    assert not created(await read(log, PROJECT)).failures


async def test_what_changes_while_it_waits_is_said_again(
    log: SqliteLog, status: ServiceStatus, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    effect = Failing(Unavailable("Argilla is away"), Unavailable("Argilla refuses the key"))

    async with running(log, Batches(count=1, effect=effect), status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    first, second = caplog.messages
    assert names(first, "Argilla is away")
    assert names(second, "Argilla refuses the key")


async def test_one_outage_is_said_once_however_each_try_fails(
    log: SqliteLog, status: ServiceStatus, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    effect = Failing(Unavailable("Argilla hangs up", "Argilla"), Unavailable("Argilla is away", "Argilla"))

    async with running(log, Batches(count=1, effect=effect), status):
        await until_state(log, PROJECT, lambda state: bool(state.batches))

    assert levels(caplog) == levels(caplog, "Argilla hangs up") == ["WARNING"]


async def test_a_failing_poll_does_not_stop_the_work(
    log: SqliteLog, status: ServiceStatus, tmp_path: Path
) -> None:
    def look(state: LoopState) -> Polled:
        raise Unavailable("Argilla is away")

    async with running(log, Batches(count=2, look=look), status):
        await until_state(log, PROJECT, lambda state: len(state.batches) == 2)
        await until(lambda: said(tmp_path).get("doing") == IDLE)

        assert said(tmp_path)["waiting"] == "Argilla is away"
