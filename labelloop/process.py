"""A service as a process: settings, logging, signals, and the end of it when its supervisor is gone."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from labelloop.controller import Controller
from labelloop.errors import UserError
from labelloop.log import open_log
from labelloop.runtime import Runtime
from labelloop.settings import Settings
from labelloop.slot import Slot

PARENT_CHECK = 1.0


def serve(make: Callable[[Settings], Controller[Any]]) -> None:
    """Run a service until SIGTERM or SIGINT. Exits with 2 and one line when its settings are wrong."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    problem: str | None = None
    try:
        asyncio.run(_serve(make, Settings.from_environment()))
    except* UserError as errors:
        problem = str(errors.exceptions[0])
    if problem is not None:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)


async def _serve(make: Callable[[Settings], Controller[Any]], settings: Settings) -> None:
    service = make(settings)
    log = open_log(settings.log)
    running = asyncio.create_task(Runtime(log, service, Slot(settings.run, service.name)).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    watching = asyncio.create_task(_stop_without_parent(settings.parent, running))
    try:
        with suppress(asyncio.CancelledError):
            await running
    finally:
        watching.cancel()
        await service.close()
        await log.close()


async def _stop_without_parent(parent: int | None, running: "asyncio.Task[None]") -> None:
    while parent is not None:
        if os.getppid() != parent:
            logging.getLogger(__name__).warning("the supervisor is gone: stopping")
            running.cancel()
            return
        await asyncio.sleep(PARENT_CHECK)
