"""The supervisor of one home."""

import asyncio
import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress

import psutil

from labelloop.home import Home
from labelloop.supervisor.keeper import Keeper
from labelloop.supervisor.logs import rotate
from labelloop.supervisor.service import Service, kill_group
from labelloop.supervisor.state import ProcessState, SupervisorState, read_state, write_state

FIRST = ("annotators",)
LAST = ("argilla",)
ROTATE_INTERVAL = 60.0


class Supervisor:
    """Keeps services running; an async context manager that leaves nothing running.

    `say` gets one line whenever a service ended by itself. The caller holds the home's lock.
    """

    def __init__(self, home: Home, argilla: str, say: Callable[[str], None]) -> None:
        self._home = home
        self._say = say
        self._state = SupervisorState(os.getpid(), time.time(), argilla)
        self._keepers: dict[str, Keeper] = {}

    async def __aenter__(self) -> "Supervisor":
        end_leftovers(self._home)
        for said in self._home.run.glob("*.status"):
            said.unlink()
        write_state(self._home.run, self._state)
        self._rotating = asyncio.create_task(self._rotate())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._rotating.cancel()
        for stage in _stages(self._keepers):
            await asyncio.gather(*(self._keepers[name].stop() for name in stage))
        with suppress(asyncio.CancelledError):
            await self._rotating

    def start(self, service: Service) -> None:
        """Run the service from now on."""
        self._keepers[service.name] = Keeper(service, self._changed)

    def kill(self) -> None:
        """End all processes at once, for someone who will not wait."""
        for keeper in self._keepers.values():
            keeper.kill()

    def state_of(self, name: str) -> ProcessState | None:
        """How a service fares; None for one that this supervisor does not run."""
        return self._keepers[name].state if name in self._keepers else None

    def _changed(self, keeper: Keeper) -> None:
        state = keeper.state
        self._state.processes[keeper.service.name] = state
        write_state(self._home.run, self._state)
        if state.state == "waiting":
            self._say(f"{keeper.service.name} ended ({state.ended}) and is started again")

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_INTERVAL)
            for log in self._home.logs.glob("*.log"):
                await asyncio.to_thread(rotate, log)


def end_leftovers(home: Home) -> None:
    """End what a supervisor that was killed left running in this home."""
    state = read_state(home.run)
    for process in state.processes.values() if state else ():
        if process.pid is not None and process.started is not None and _is(process.pid, process.started):
            kill_group(process.pid)


def _is(pid: int, created: float) -> bool:
    try:
        return bool(psutil.Process(pid).create_time() == created)
    except psutil.Error:
        return False


def _stages(names: Collection[str]) -> list[list[str]]:
    """Who answers stops first, and Argilla, which the others use, last."""
    between = [name for name in names if name not in FIRST + LAST]
    return [[name for name in FIRST if name in names], between, [name for name in LAST if name in names]]
