"""Serve a project's newest model over HTTP until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError, one_line
from labelloop.learner.shared import private_folder
from labelloop.learner.worker import Worker
from labelloop.log.base import Follower, Log, own_group
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.runtime.retry import first_outage
from labelloop.serving.application import Server
from labelloop.serving.http import HttpServer
from labelloop.serving.limits import Limits
from labelloop.serving.metrics import ServeMetrics
from labelloop.serving.models import Models, columns_of
from labelloop.store import Store

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 2.0


@dataclass(frozen=True)
class ServeOptions:
    """What is served, and where. `model`: the only one, by name. `port` 0: any that is free."""

    host: str
    port: int
    limits: Limits
    model: str | None
    token: str
    metrics_token: str | None
    threads: int


async def serve(
    log: Log,
    history: History,
    store: Store,
    serve_options: ServeOptions,
    bound: socket.socket,
    ready: Callable[[], None],
) -> None:
    """Answer until a signal comes; requests in flight are answered first.

    `ready` is called once a model is loaded, or none can be.
    """
    assert isinstance(history.state, LoopState)
    metrics = ServeMetrics(history.project)
    with private_folder() as folder, closing(Worker(serve_options.threads, "serve")) as worker:
        models = Models(
            history, store, worker, serve_options.threads, Path(folder), metrics, serve_options.model
        )
        columns = columns_of(history.state)
        app = Server(
            history.project,
            columns,
            models,
            serve_options.limits,
            metrics,
            serve_options.token,
            serve_options.metrics_token,
        )
        server = HttpServer(app)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        answering = asyncio.create_task(server.serve([bound]))
        others = [
            asyncio.create_task(models.keep_up()),
            asyncio.create_task(_Following(log, history, models.changed).run()),
            asyncio.create_task(_when_settled(models, ready)),
        ]
        try:
            await asyncio.wait([answering, *others[:2]], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.stop()
            await asyncio.wait([answering])
            for task in others:
                task.cancel()
            await asyncio.wait(others)
        for task in (answering, *others[:2]):
            if not task.cancelled():
                task.result()


async def _when_settled(models: Models, ready: Callable[[], None]) -> None:
    await models.settled.wait()
    ready()


class _Following:
    """Keeps a history as the log has it. What it has already is dropped as a duplicate."""

    def __init__(self, log: Log, history: History, changed: asyncio.Event) -> None:
        self._log = log
        self._history = history
        self._changed = changed
        self._backoff = Backoff()
        self._is_away = False

    async def run(self) -> None:
        """Follow until cancelled. Waits while the log is away."""
        while True:
            try:
                async with self._log.follow(own_group()) as follower, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read(follower))
                    tasks.create_task(self._watch(follower))
            except* (Unavailable, UserError) as errors:
                if not self._is_away:
                    reason = one_line(first_outage(errors))
                    logger.warning("the log does not answer (%s): the model goes on", reason)
                    self._is_away = True
            await asyncio.sleep(self._backoff.next())

    async def _read(self, follower: Follower) -> None:
        history = self._history
        async for record in follower:
            if self._is_away:
                logger.info("the log answers again")
                self._backoff.reset()
                self._is_away = False
            if record.event is None or record.event.project != history.project:
                continue
            inactive = history.inactive_because
            if history.add(record.event, record.position):
                self._changed.set()
            if history.inactive_because not in (None, inactive):
                logger.warning("the project is %s: its last model goes on", history.inactive_because)

    async def _watch(self, follower: Follower) -> None:
        """Raises Unavailable when the log is away, of which who only reads hears nothing."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            await follower.lag()
