"""Services that do not answer, are not ready or are behind, as their health pages tell."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from labelloop.alerts.problems import ServiceHealth, of_service
from labelloop.alerts.settings import AlertRules
from labelloop.log.sqlite.log import SqliteLog
from labelloop.observe.logs import hiding
from labelloop.observe.server import HealthServer
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.supervisor.state import ProcessState, SupervisorState, write_state
from services.alerting.watching import ServiceWatch
from tests.support.alerts import an_alerting, silent_titles, titles_of, until_told
from tests.support.argilla_server import free_port
from tests.support.controllers import until
from tests.support.messages import names
from tests.support.plugged import at_work
from tests.support.receivers import Hook
from tests.support.states import START

RULES = AlertRules(silent=timedelta(seconds=0.5), lag=timedelta(seconds=60))
SILENT, OVER = silent_titles("trainer")
BEHIND, _ = titles_of(
    of_service("trainer", ServiceHealth(None, START, 10**6), (), AlertRules(), START)["lag"]
)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    yield log
    await log.close()


@contextmanager
def a_service(instruments: ServiceStatus, port: int, token: str | None = None) -> Iterator[HealthServer]:
    """The health pages of a service."""
    registry = instruments.metrics.registry
    server = HealthServer("127.0.0.1", port, instruments.health, registry, hiding({}), token)
    try:
        yield server
    finally:
        server.close()


async def test_a_service_that_falls_silent_is_told_and_told_again_when_it_is_back(
    log: SqliteLog, tmp_path: Path, hook: Hook
) -> None:
    port, instruments = free_port(), ServiceStatus("trainer")
    instruments.health.lacks(LOG, None)
    watching = ServiceWatch(None, {"trainer": f"http://localhost:{port}"})

    async with at_work(await an_alerting(log, tmp_path, hook, watching, RULES)):
        with a_service(instruments, port):
            instruments.health.lacks("argilla", "Argilla is away")
            await until(lambda: hook.titles == [SILENT])
            instruments.health.lacks("argilla", None)
            await until(lambda: hook.titles == [SILENT, OVER])
        await until_told(hook, tmp_path, SILENT, OVER, SILENT)

    # What is started again does not know since when it is silent, and says nothing anew.
    async with at_work(await an_alerting(log, tmp_path, hook, watching, RULES)):
        with a_service(instruments, port):
            await until(lambda: len(hook.titles) == 4)

    assert hook.titles[-1] == OVER
    assert names(hook.posted[0]["message"], "Argilla is away")
    assert names(hook.posted[2]["message"], "ConnectError")


async def test_a_service_behind_the_log_is_told(log: SqliteLog, tmp_path: Path, hook: Hook) -> None:
    port, instruments = free_port(), ServiceStatus("trainer")
    instruments.health.lacks(LOG, None)
    instruments.metrics.lag.behind(0)
    lag = instruments.metrics.lag
    lag.behind(5)
    lag._clock = lambda: 10**10
    watching = ServiceWatch(None, {"trainer": f"http://127.0.0.1:{port}"})

    async with at_work(await an_alerting(log, tmp_path, hook, watching, RULES)):
        with a_service(instruments, port):
            await until(lambda: hook.titles == [BEHIND])


async def test_services_of_this_machine_are_found_where_they_say_how_they_fare(
    log: SqliteLog, tmp_path: Path, hook: Hook
) -> None:
    run = tmp_path / "run"
    status = ServiceStatus("trainer", run)
    status.health.lacks(LOG, None)
    processes = {"trainer": ProcessState("running", os.getpid()), "argilla": ProcessState("running", 1)}
    write_state(run, SupervisorState(1, 0.0, processes=processes))

    async with at_work(await an_alerting(log, tmp_path, hook, ServiceWatch(run, {}), RULES)):
        await until(lambda: hook.titles == [SILENT])
        with a_service(status, 0) as server:
            status.show(health=server.url)
            await until(lambda: hook.titles == [SILENT, OVER])


async def test_pages_that_want_a_token_are_asked_with_it() -> None:
    port, instruments = free_port(), ServiceStatus("trainer")
    instruments.health.lacks(LOG, None)
    instruments.metrics.lag.behind(0)
    addresses = {"trainer": f"http://127.0.0.1:{port}"}

    with a_service(instruments, port, token="s3cret"):
        bare = (await ServiceWatch(None, addresses).look(START))["trainer"]
        bearing = (await ServiceWatch(None, addresses, "s3cret").look(START))["trainer"]

    assert names(bare.problem, "LABELLOOP_HEALTH_TOKEN")
    assert (bearing.problem, bearing.lag) == (None, 0.0)
