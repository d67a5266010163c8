"""A service as a process: settings, logging, signals, and stopping when its supervisor is gone."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from labelloop.config.locations import cache_folder
from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import UserError
from labelloop.log import open_log
from labelloop.observe import logs
from labelloop.observe.logs import hiding
from labelloop.observe.server import HealthServer
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.settings import Observing
from labelloop.runtime.controller import Controller
from labelloop.runtime.service import ServiceRunner
from labelloop.runtime.state_cache import StateCache

PARENT_CHECK = 1.0

Work = Callable[[ServiceStatus], Coroutine[Any, Any, None]]


def serve(name: str, make: Callable[[ServiceSettings], Controller[Any]]) -> None:
    """Run a controller until SIGTERM or SIGINT. Exits with 2 and a one-line error for wrong settings."""
    launch(name, lambda observing: _serve(make, observing))


def launch(name: str, main: Callable[[Observing], Coroutine[Any, Any, None]]) -> None:
    """Run a service that is not a controller. Exits with 2 and a one-line error for wrong settings."""
    problem: str | None = None
    observing = Observing()
    logs.bind_contextvars(service=name)
    try:
        observing = Observing.from_environment()
        logs.configure(observing.json)
        asyncio.run(main(observing))
    except* UserError as errors:
        problem = str(errors.exceptions[0])
    if problem is not None:
        _refuse(problem, observing.json)


def _refuse(problem: str, json: bool) -> NoReturn:
    if json:
        logging.getLogger(__name__).error(problem)
    else:
        print(f"error: {hiding()(problem)}", file=sys.stderr)
    sys.exit(2)


async def _serve(make: Callable[[ServiceSettings], Controller[Any]], observing: Observing) -> None:
    settings = ServiceSettings.from_environment()
    service = make(settings)
    log = open_log(settings.log)

    async def work(status: ServiceStatus) -> None:
        await ServiceRunner(log, service, status, StateCache(cache_folder(), settings.log)).run()

    try:
        await keep(service.name, work, observing, settings.run, settings.parent)
    finally:
        await service.close()
        await log.close()


async def keep(
    name: str, work: Work, observing: Observing, run: Path | None, parent: int | None = None
) -> int | None:
    """Do a service's work until its end, SIGTERM or SIGINT, or the end of its `parent`; show how it fares.

    Returns the signal that cut the work off. Raises UserError when it cannot be shown.
    """
    logs.bind_contextvars(service=name)
    status = ServiceStatus(name, run, observing.stale_after)
    server = _show(status, observing)
    beating = asyncio.create_task(status.health.keep_beating())
    running = asyncio.create_task(work(status))
    got: list[int] = []

    def stop(number: int) -> None:
        if parent is not None:
            logging.getLogger(__name__).info("stopping, as asked by %s", signal.Signals(number).name)
        got.append(number)
        running.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    watching = asyncio.create_task(_stop_without_parent(parent, running))
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        watching.cancel()
        beating.cancel()
        if server is not None:
            server.close()
    return got[0] if got and running.cancelled() else None


def _show(status: ServiceStatus, observing: Observing) -> HealthServer | None:
    if observing.port is None:
        return None
    server = HealthServer(
        observing.host, observing.port, status.health, status.metrics.registry, hiding(), observing.token
    )
    status.show(health=server.url)
    return server


async def _stop_without_parent(parent: int | None, running: "asyncio.Task[None]") -> None:
    while parent is not None:
        if os.getppid() != parent:
            logging.getLogger(__name__).warning("the supervisor is gone: stopping")
            running.cancel()
            return
        await asyncio.sleep(PARENT_CHECK)
