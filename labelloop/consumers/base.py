"""The base class of consumers."""

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
    """Gets events, each with the state of its project right after the event.

    `name`: the consumer group, under which the log keeps its position. The default is the class's name.
    `events`: the event types that it wants. The default is its type argument (a `Consumer[BatchAnnotated]`
    handles an `Event[BatchAnnotated]`), or all events. An event may come more than once, so handling must be
    idempotent. `labelloop run --set` gives arguments of the constructor; a parameter `store` gets the store
    of pools and models.
    """

    name: ClassVar[str] = ""
    events: ClassVar[Collection[type[EventData]]] = ()

    @abstractmethod
    def handle(self, event: Event[Payload], state: LoopState) -> Awaitable[None] | None:
        """Handle an event. A plain method runs in a thread, an `async` one in the event loop.

        If it raises `Unavailable`, it is called again until that is over. Any other exception is a failed
        attempt; after four of them the event becomes a dead letter.
        """

    def close(self) -> None:
        """Release resources. Called once, at the end."""


def wanted_events(consumer: Consumer[Any]) -> tuple[type[EventData], ...]:
    """The event types that a consumer wants. Empty if it wants all."""
    return tuple(consumer.events) or tuple(_annotated(type(consumer)))


def _annotated(kind: type[Consumer[Any]]) -> Iterator[type[EventData]]:
    """The event types in the type arguments of the consumer's class."""
    for annotation in (_of_handle(kind), *map(_of_base, get_original_bases(kind))):
        kinds = [each for each in (get_args(annotation) or (annotation,)) if isinstance(each, type)]
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
    """The argument of a generic type, or None if it is another type."""
    return get_args(annotation)[0] if get_origin(annotation) is of else None
