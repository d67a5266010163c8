"""What a consumer is."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection
from typing import ClassVar

from labelloop.loop.state import LoopState
from schemas.envelope import Event
from schemas.events import EventData


class Consumer(ABC):
    """Is given events, each with the state of its project right after it.

    `name`: the group under which the log remembers how far it has come; that of the class unless given.
    `events`: the kinds that it wants; all unless given. An event may come more than once, so handling it
    again must change nothing. What the constructor takes is given by `labelloop run --set`; a parameter
    `store` is given the store of pools and models.
    """

    name: ClassVar[str] = ""
    events: ClassVar[Collection[type[EventData]]] = ()

    @abstractmethod
    def handle(self, event: Event, state: LoopState) -> Awaitable[None] | None:
        """Handle an event: a plain method runs in a thread, an `async` one in the event loop.

        It may raise `Unavailable` (it is called again until what it needs is back). Anything else that it
        raises is a failed attempt; after four of them the event is set aside as a dead letter.
        """

    def close(self) -> None:  # noqa: B027
        """Give back what it holds: called once, at the end."""
