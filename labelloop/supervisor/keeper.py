"""Keeps one service running until it is told to stop."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from labelloop.errors import UserError
from labelloop.supervisor.backoff import Backoff
from labelloop.supervisor.logs import last_line
from labelloop.supervisor.service import Service, end, how_it_ended, kill_group, start
from labelloop.supervisor.state import ProcessState

GRACE = 5.0


class Keeper:
    """Starts its service again whenever it ends, with backoff; calls `changed` whenever `state` did."""

    def __init__(self, service: Service, changed: Callable[["Keeper"], None]) -> None:
        self.service = service
        self.state = ProcessState()
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop the process in order, killing it after a grace, and start it no more."""
        self._stopping.set()
        if self._process is not None:
            await end(self._process, GRACE)
        await self._keeping
        self._say(state="stopped", pid=None)

    def kill(self) -> None:
        """End the process and all it started at once."""
        self._stopping.set()
        if self._process is not None:
            kill_group(self._process.pid)

    async def _keep(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = await self._run_once()
            if self._stopping.is_set():
                return
            wait = backoff.after(time.monotonic() - began)
            self._say(state="waiting", pid=None, ended=ended, restarts=self.state.restarts + 1)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()

    async def _run_once(self) -> str:
        try:
            self._process = await start(self.service)
        except UserError as error:
            return str(error)
        pid = self._process.pid
        self._say(state="running", pid=pid, started=_created(pid), since=time.time())
        if self._stopping.is_set():
            kill_group(pid)
        code = await self._process.wait()
        kill_group(pid)
        return ": ".join(filter(None, (how_it_ended(code), last_line(self.service.log))))

    def _say(self, **changes: object) -> None:
        self.state = ProcessState(**{**vars(self.state), **changes})
        self._changed(self)


def _created(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
