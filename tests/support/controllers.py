"""A controller for tests of the runtime: it does what it is told, on a real log."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.projects.catalog import created
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.runtime.service import ServiceRunner
from labelloop.runtime.state_cache import StateCache
from schemas.envelope import Event
from schemas.events import BatchQueried
from tests.support.states import queried

Effect = Callable[[LoopState], object]
PATIENCE = 30.0


def nothing(state: LoopState) -> None:
    """No effect."""


@dataclass
class Batches(Controller[str]):
    """Asks for `count` batches of a text each; `effect` comes before each, `look` is its poll."""

    count: int = 2
    effect: Effect = nothing
    look: Callable[[LoopState], Polled] = lambda state: Polled()
    name: str = "batches"
    pauses: bool = False
    done: list[str] = field(default_factory=list)
    polls: int = 0

    def due(self, state: LoopState) -> str | None:
        number = len(state.batches)
        return str(number) if number < self.count else None

    def describe(self, work: str) -> str:
        return f"pick batch {work}"

    async def do(self, state: LoopState, work: str) -> Sequence[Outcome]:
        self.done.append(work)
        self.effect(state)
        return [Outcome(self.batch(work), state.created_id)]

    async def poll(self, state: LoopState) -> Polled:
        self.polls += 1
        return self.look(state)

    def batch(self, name: str) -> BatchQueried:
        return queried(name, (int(name),))


async def read(log: Log, project: str) -> History:
    """The project's history up to now."""
    history = History(project)
    async for record in log.read(project):
        assert record.event is not None
        history.add(record.event)
    return history


async def events(log: Log, project: str) -> list[Event]:
    return [record.event async for record in log.read(project) if record.event is not None]


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it does not in half a minute."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_state(log: Log, project: str, holds: Callable[[LoopState], bool]) -> LoopState:
    """The state of the project in the log, once this holds of it."""
    async with asyncio.timeout(PATIENCE):
        while not holds(state := created(await read(log, project))):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return state


@asynccontextmanager
async def running(
    log: Log,
    service: Controller[str],
    status: ServiceStatus,
    state_cache: StateCache | None = None,
) -> AsyncIterator["asyncio.Task[None]"]:
    """The service at work on the log."""
    task = asyncio.create_task(ServiceRunner(log, service, status, state_cache).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
