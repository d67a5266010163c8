"""The interface of a service of the loop (a controller): pure decisions, and separate effects."""

from abc import ABC
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from labelloop.loop.state import LoopState
from schemas.events import EventData

Work = TypeVar("Work")
Item = TypeVar("Item")
EACH = 0.6
SHORTEST = 5.0
AT_REST = 600.0


@dataclass(frozen=True)
class Outcome:
    """An event to append, and the id of the event that made it due."""

    data: EventData
    cause: str | None


@dataclass(frozen=True)
class Polled:
    """The result of a poll, and in how many seconds to poll again."""

    outcomes: Sequence[Outcome] = ()
    again_in: float = 60.0


class Controller(ABC, Generic[Work]):
    """A service that folds the log and reacts to the state.

    `do` and `poll` may raise `labelloop.errors.Unavailable` or `UserError` (an outage, logged once), or
    anything else (recorded as ServiceFailed). They are retried with backoff.
    """

    name: str
    lock: AbstractAsyncContextManager[Any] = nullcontext()
    """What `do` needs to itself, over all projects; what is due is decided once it is had."""

    pauses: bool = False
    """Whether a project is paused when a failure at what is due cannot pass: people would label in vain."""

    def due(self, state: LoopState) -> Work | None:
        """The work that is due in this state. Pure."""
        return None

    def still_due(self, state: LoopState, work: Work) -> bool:
        """Whether what was done is appended to what the state is by then; otherwise it is dropped. Pure."""
        return True

    def describe(self, work: Work) -> str:
        """A short description of the work, the same for every attempt."""
        return str(work)

    async def do(self, state: LoopState, work: Work) -> Sequence[Outcome]:
        """Do the work. The outcomes are appended together."""
        return ()

    async def poll(self, state: LoopState) -> Polled:
        """Poll the world outside the log. Called again after a change of the state, or after `again_in`."""
        return Polled()

    async def keep_waking(self, wake: Callable[[str], Awaitable[None]]) -> None:
        """Call `wake` with the id of a project that is to be polled at once, until cancelled.

        It may return or fail: polls come in any case.
        """

    async def close(self) -> None:
        """Release the service's resources."""


class RoundRobin:
    """Goes round a growing sequence, a few items at a time.

    A round takes EACH seconds per item, but at least SHORTEST and at most `longest`, or AT_REST where nothing
    happens.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._next = 0
        self._saved = 0.0

    def take(self, items: Sequence[Item], seconds: float, rests: bool = False) -> list[Item]:
        """The items whose turn comes within `seconds`, each once. The first follows the last."""
        round_seconds = AT_REST if rests else min(self._longest, max(SHORTEST, EACH * len(items)))
        self._saved += seconds / round_seconds * len(items)
        count = min(int(self._saved), len(items))
        self._saved %= 1
        taken = [items[(self._next + step) % len(items)] for step in range(count)]
        self._next += count
        return taken
