"""What a service of the loop (a controller) is: pure decisions on the state, and effects apart from them."""

from abc import ABC
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from labelloop.loop.state import LoopState
from schemas.events import EventData

Work = TypeVar("Work")


@dataclass(frozen=True)
class Outcome:
    """An event to append, and the id of the event that made it due."""

    data: EventData
    cause: str | None


@dataclass(frozen=True)
class Polled:
    """What a look at the world outside the log found, and in how many seconds to look again."""

    outcomes: Sequence[Outcome] = ()
    again_in: float = 60.0


class Controller(ABC, Generic[Work]):
    """A service that folds, then reacts.

    `do` and `poll` may raise `labelloop.errors.Unavailable` or `UserError` (waited for, said once), or
    anything else (recorded as ServiceFailed); they are tried again with backoff.
    """

    name: str
    lock: AbstractAsyncContextManager[Any] = nullcontext()
    """What `do` needs to itself, over all projects; what is due is decided once it is had."""

    must_still_be_due: bool = False
    """Whether what was done is dropped when, by then, something else (or nothing) is due."""

    def due(self, state: LoopState) -> Work | None:
        """What is missing in the state. Pure."""
        return None

    def describe(self, work: Work) -> str:
        """A short name of what is due, the same for every attempt at it."""
        return str(work)

    async def do(self, state: LoopState, work: Work) -> Sequence[Outcome]:
        """Do what is due; the outcomes are appended together."""
        return ()

    async def poll(self, state: LoopState) -> Polled:
        """Look at the world outside the log; called again after a change of the state, or `again_in`."""
        return Polled()

    async def close(self) -> None:
        """Give back what the service holds."""
