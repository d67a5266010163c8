"""What a consumer is."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection, Iterator
from typing import Any, ClassVar, Generic, get_args, get_origin, get_type_hints

from typing_extensions import TypeVar, get_original_bases

from labelloop.loop.state import LoopState
from schemas.envelope import Event
from schemas.events import EventData

Payload = TypeVar("Payload", bound=EventData, default=EventData, contravariant=True)


class Consumer(ABC, Generic[Payload]):
    """Is given events, each with the state of its project right after it.

    `name`: the group under which the log remembers how far it has come; that of the class unless given.
    `events`: the kinds that it wants. Unless given, they are those of its types (a `Consumer[BatchAnnotated]`
    handles an `Event[BatchAnnotated]`), or all. An event may come more than once, so handling it again must
    change nothing. What the constructor takes is given by `labelloop run --set`; a parameter `store` is given
    the store of pools and models.
    """

    name: ClassVar[str] = ""
    events: ClassVar[Collection[type[EventData]]] = ()

    @abstractmethod
    def handle(self, event: Event[Payload], state: LoopState) -> Awaitable[None] | None:
        """Handle an event: a plain method runs in a thread, an `async` one in the event loop.

        It may raise `Unavailable` (it is called again until what it needs is back). Anything else that it
        raises is a failed attempt; after four of them the event is set aside as a dead letter.
        """

    def close(self) -> None:
        """Give back what it holds: called once, at the end."""


def wanted_events(consumer: Consumer[Any]) -> tuple[type[EventData], ...]:
    """The kinds of events that a consumer wants; none where it wants all."""
    return tuple(consumer.events) or tuple(_annotated(type(consumer)))


def _annotated(kind: type[Consumer[Any]]) -> Iterator[type[EventData]]:
    """What the consumer's class says by types."""
    for given in (_of_handle(kind), *map(_of_base, get_original_bases(kind))):
        kinds = [each for each in (get_args(given) or (given,)) if isinstance(each, type)]
        if kinds and all(issubclass(each, EventData) and each is not EventData for each in kinds):
            yield from kinds
            return


def _of_handle(kind: type[Consumer[Any]]) -> Any:
    try:
        hints = get_type_hints(kind.handle)
    except (NameError, TypeError):
        return None
    _, event, *_ = (*inspect.signature(kind.handle).parameters, "", "")
    return _argument(hints.get(event), Event)


def _of_base(base: Any) -> Any:
    return _argument(base, Consumer)


def _argument(annotation: Any, of: type) -> Any:
    """The one argument of a generic type, or None where it is another."""
    return get_args(annotation)[0] if get_origin(annotation) is of else None
