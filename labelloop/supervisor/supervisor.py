"""The supervisor of one home: it runs all services of one machine, until they are stopped."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from labelloop.backoff import RestartBackoff
from labelloop.config.deployment import ArgillaAccess
from labelloop.config.home import Home
from labelloop.config.locations import Locations
from labelloop.config.service_settings import SUGGESTER
from labelloop.errors import UserError
from labelloop.learner.shared import private_folder, shared_learner
from labelloop.oracle.server import credentials
from labelloop.supervisor import plan
from labelloop.supervisor.argilla import Embedded, local_url, wait_until_up
from labelloop.supervisor.service import (
    Service,
    cause_of_end,
    end,
    how_it_ended,
    kill_group,
    length,
    rotate,
    start,
)
from labelloop.supervisor.state import ProcessState, SupervisorState, read_state, record_version, write_state

GRACE = 5.0
FIRST = ("annotators",)
LAST = ("learner", "argilla")
ROTATE_INTERVAL = 60.0
RESTARTS = 3
ANY_PORT = "http://127.0.0.1:0"


class SupervisedProcess:
    """Restarts its service whenever it ends, with backoff. Calls `changed` when `state` changed."""

    def __init__(self, service: Service, changed: Callable[["SupervisedProcess"], None]) -> None:
        self.service = service
        self.state = ProcessState()
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop the process, kill it after a grace period, and do not restart it."""
        self._stopping.set()
        if self._process is not None:
            await end(self._process, GRACE)
        await self._keeping
        self._say(state="stopped", pid=None)

    def kill(self) -> None:
        """Kill the process and everything it started."""
        self._stopping.set()
        if self._process is not None:
            kill_group(self._process.pid)

    async def _keep(self) -> None:
        backoff = RestartBackoff()
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
        rotate(self.service.log)
        begin = length(self.service.log)
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
        cause = cause_of_end(self.service.log, code, begin)
        return ": ".join(filter(None, (how_it_ended(code), cause)))

    def _say(self, **changes: object) -> None:
        self.state = ProcessState(**{**vars(self.state), **changes})
        self._changed(self)


def _created(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


class Supervisor:
    """Keeps services running. An async context manager; nothing is left running on exit.

    `say` gets one line whenever a service ended unexpectedly. The caller holds the home's lock.
    """

    def __init__(self, home: Home, argilla: str, say: Callable[[str], None]) -> None:
        self._home = home
        self._say = say
        self._state = SupervisorState(os.getpid(), time.time(), argilla)
        self._processes: dict[str, SupervisedProcess] = {}

    async def __aenter__(self) -> "Supervisor":
        end_leftovers(self._home)
        for status_file in self._home.run.glob("*.status"):
            status_file.unlink()
        record_version(self._home.run)
        write_state(self._home.run, self._state)
        self._rotating = asyncio.create_task(self._rotate())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._rotating.cancel()
        for stage in _stages(self._processes):
            await asyncio.gather(*(self._processes[name].stop() for name in stage))
        with suppress(asyncio.CancelledError):
            await self._rotating

    def start(self, service: Service) -> None:
        """Run the service from now on."""
        self._processes[service.name] = SupervisedProcess(service, self._changed)

    def kill(self) -> None:
        """Kill all processes at once."""
        for process in self._processes.values():
            process.kill()

    def state_of(self, name: str) -> ProcessState | None:
        """The state of a service, or None if this supervisor does not run it."""
        return self._processes[name].state if name in self._processes else None

    def _changed(self, process: SupervisedProcess) -> None:
        state = process.state
        self._state.processes[process.service.name] = state
        write_state(self._home.run, self._state)
        if state.state == "waiting":
            self._say(f"{process.service.name} ended ({state.ended}) and will be restarted")

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_INTERVAL)
            for log in self._home.logs.glob("*.log"):
                await asyncio.to_thread(rotate, log)


def end_leftovers(home: Home) -> None:
    """Kill processes that a killed supervisor left running in this home."""
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
    """The order of stopping: annotators first, and Argilla, which the others use, last."""
    between = [name for name in names if name not in FIRST + LAST]
    return [[name for name in FIRST if name in names], between, [name for name in LAST if name in names]]


@dataclass(frozen=True)
class Machine:
    """The running services and their Argilla. `learner`: the address of their own learner, if any.

    `webhook_url`: where the embedded Argilla tells of answers.
    """

    home: Home
    locations: Locations
    supervisor: Supervisor
    access: ArgillaAccess
    learner: Path | None
    webhook_url: str | None


@asynccontextmanager
async def running(
    home: Home, locations: Locations, argilla: Embedded | ArgillaAccess, say: Callable[[str], None]
) -> AsyncIterator[Machine]:
    """Start the embedded Argilla. On exit, stop everything in order. The caller holds the home's lock."""
    if isinstance(argilla, Embedded):
        url, key = local_url(argilla.host, argilla.port), credentials(home.argilla).api_key
        access = ArgillaAccess(url, key, public_url=argilla.public_url)
    else:
        access = argilla
    with private_folder() as folder:
        async with Supervisor(home, access.url, say) as supervisor:
            if isinstance(argilla, Embedded):
                supervisor.start(plan.argilla(home, argilla.host, argilla.port))
            learner = None if shared_learner() else Path(folder) / "learner"
            webhook_url = ANY_PORT if isinstance(argilla, Embedded) else None
            yield Machine(home, locations, supervisor, access, learner, webhook_url)


async def argilla_answers(machine: Machine) -> None:
    """Wait until Argilla answers. Raises UserError if it keeps crashing."""

    def given_up() -> str | None:
        state = machine.supervisor.state_of("argilla")
        return state.ended if state is not None and state.restarts >= RESTARTS else None

    await wait_until_up(machine.access, given_up)


async def start_services(machine: Machine, beside: plan.OptionalServices) -> None:
    """Start the services once Argilla answers. It starts faster while nothing else runs.

    Raises UserError if Argilla keeps crashing.
    """
    await argilla_answers(machine)
    if machine.learner is not None:
        machine.supervisor.start(plan.learner(machine.home, machine.learner))
    at = (machine.locations, machine.access, beside, machine.learner)
    for service in plan.services(machine.home, *at, webhook_url=machine.webhook_url):
        machine.supervisor.start(service)


def start_suggester(machine: Machine, beside: plan.OptionalServices) -> None:
    """Start the service that asks machines for labels, which most homes do not need."""
    home, at = machine.home, (machine.locations, machine.access, beside, machine.learner)
    for service in plan.services(home, *at, names=(SUGGESTER,)):
        machine.supervisor.start(service)
