"""Find a consumer by name, create it, and run it on a log."""

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, cast

from labelloop.backoff import Backoff
from labelloop.consumers.base import Consumer, wanted_events
from labelloop.consumers.delivery import Delivery, Handler
from labelloop.consumers.following import DeliveringHistory, EventAndState, States, checked
from labelloop.errors import Unavailable, UserError, one_line
from labelloop.log.base import Log, Record
from labelloop.loop.state import LoopState, ProjectState
from labelloop.observe.logs import about_event, about_project, bound_contextvars
from labelloop.observe.service_status import ServiceStatus
from labelloop.plugins import Declared, declared, imported, only
from labelloop.runtime.retry import stop_if_asked
from labelloop.startup import search_working_folder
from labelloop.store import open_store
from schemas.envelope import Event
from schemas.events import EventData

ENTRY_POINTS = "labelloop.consumers"
STORE = "store"
logger = logging.getLogger(__name__)


def installed() -> dict[str, Declared]:
    """The installed consumers by name."""
    return {each.name: each for each in declared(ENTRY_POINTS)}


def find(named: str) -> type[Consumer[Any]]:
    """The class of a consumer. Raises UserError if there is none, or if it cannot be imported."""
    consumers = declared(ENTRY_POINTS)
    if own := [each for each in consumers if each.name == named]:
        target = only(own, ENTRY_POINTS).target
    elif re.fullmatch(r"[\w.]+:[\w.]+", named):
        target = named
        search_working_folder()
    else:
        there = (
            f"choose from {', '.join(each.name for each in consumers)}"
            if consumers
            else "no package provides one"
        )
        raise UserError(f"there is no consumer {named!r}: {there}; or give module:Class")
    kind = imported(target, named)
    if not (inspect.isclass(kind) and issubclass(kind, Consumer)):
        raise UserError(f"{named} is not a consumer: derive the class from labelloop.Consumer")
    if not _is_kinds(kind.events):
        raise UserError(
            f"{named} wants {kind.events!r}: give events as a tuple, for example (BatchAnnotated,)"
        )
    if inspect.isabstract(kind):
        raise UserError(f"{named} handles nothing: give it a method handle(self, event, state)")
    return kind


def make(
    named: str, kind: type[Consumer[Any]], options: Mapping[str, Any], store: str | None
) -> Consumer[Any]:
    """Create the consumer with its options, and the store if it needs one. Raises UserError."""
    parameters = inspect.signature(kind).parameters
    arguments = dict(options)
    if STORE in parameters and STORE not in arguments:
        if store is None:
            raise UserError(f"{named} needs the store: give --store, or set LABELLOOP_STORE")
        arguments[STORE] = open_store(store)
    try:
        inspect.signature(kind).bind(**arguments)
    except TypeError as error:
        takes = ", ".join(name for name in parameters if name != STORE) or "nothing"
        raise UserError(f"{named} takes {takes} with --set NAME=VALUE: {error}") from error
    try:
        return kind(**arguments)
    except (UserError, Unavailable):
        raise
    except Exception as error:
        raise UserError(f"{named} cannot be created: {_line(error)}") from error


def group_of(kind: type[Consumer[Any]], named: str | None, project: str | None) -> str:
    """The consumer's group. There is a separate group for a single project. Raises UserError."""
    return checked(named or ".".join(filter(None, (kind.name or kind.__name__, project))))


def _is_kinds(events: object) -> bool:
    kinds = events if isinstance(events, Collection) else (None,)
    return all(isinstance(kind, type) and issubclass(kind, EventData) for kind in kinds)


def _line(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class FollowedProject:
    """A project, for metrics."""

    history: DeliveringHistory


class ConsumerHandler(Handler):
    """Gives the consumer the events that it wants, of all projects or of one.

    A dead letter comes with its original state. Events of a halted project wait until an EventSkipped lets it
    continue; other projects are not affected. If an upgrade lets it continue, they come only if the group
    starts over.
    """

    def __init__(
        self,
        log: Log,
        consumer: Consumer[Any],
        group: str,
        status: ServiceStatus,
        project: str | None = None,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._consumer = consumer
        event_types = wanted_events(consumer) or (object,)
        self._is_async = inspect.iscoroutinefunction(consumer.handle)
        self._status = status
        self._project = project
        self._followed: dict[str, FollowedProject] = {}
        # One thread: there are no concurrent calls, and thread-bound resources can be kept.
        self._thread = ThreadPoolExecutor(1, group)
        self._states = States(log, lambda event: isinstance(event.payload, event_types))
        self._delivery = Delivery(log, group, self, status, backoff=backoff)
        self.handled = 0

    async def run(self, once: bool = False) -> None:
        """Run until cancelled. `once`: until nothing is left.

        On cancellation, a plain `handle` runs to its end and is committed; an `async` one is cancelled.
        """
        try:
            await self._delivery.run(once)
        finally:
            self._thread.shutdown()

    def renewed(self) -> None:
        self._states.forget()
        self._followed = {}

    async def handle(self, record: Record) -> bool:
        if not self._is_of_interest(record):
            return False
        assert record.event is not None
        before = self._inactive_because(record.event.project)
        delivered = await self._states.deliveries(record)
        self._report(record.event.project, before)
        return await self._give(delivered)

    async def handle_again(self, record: Record) -> bool:
        return self._is_of_interest(record) and await self._give(await self._states.told_then(record))

    async def _give(self, delivered: Sequence[EventAndState]) -> bool:
        """Handle all events that a skip released, even if one of them fails. Raises the first error."""
        failed: list[BaseException] = []
        for event, state in delivered:
            stop_if_asked()
            try:
                with bound_contextvars(**about_event(event)):
                    await self._call(event, state)
            except Unavailable:
                raise
            except (Exception, asyncio.CancelledError) as error:
                stop_if_asked()
                if len(delivered) > 1:
                    error.add_note(
                        f"at {event.name} {event.id}, one of {len(delivered)} events that come at once"
                    )
                failed.append(error)
                continue
            self.handled += 1
            self._status.metrics.handled(event, state, state)
        if failed:
            raise failed[0]
        return bool(delivered)

    async def _call(self, event: Event, state: ProjectState) -> None:
        if self._is_async:
            called = self._handle(event, state)
        else:
            run = copy_context().run
            loop = asyncio.get_running_loop()
            handling = loop.run_in_executor(self._thread, run, self._handled, event, state)
            try:
                await asyncio.wait([handling])
            except asyncio.CancelledError:
                logger.info("stopping: waiting until the current event is handled")
                await asyncio.wait([handling])
            called = await handling
        if called is not None:
            await called

    def _handle(self, event: Event, state: ProjectState) -> Awaitable[None] | None:
        # Only a skip may come before its project is created: what takes all other kinds need not know of it.
        return self._consumer.handle(event, cast(LoopState, state))

    def _handled(self, event: Event, state: ProjectState) -> Awaitable[None] | None:
        try:
            return self._handle(event, state)
        except StopIteration as error:
            # A future cannot raise StopIteration: it would never end.
            raise RuntimeError("handle raised StopIteration") from error

    def _is_of_interest(self, record: Record) -> bool:
        return record.event is not None and self._project in (None, record.event.project)

    def _inactive_because(self, project: str) -> str | None:
        history = self._states.histories.get(project)
        return history.inactive_because if history else None

    def _report(self, project: str, before: str | None) -> None:
        """Log whether the project is inactive, and update its metrics."""
        now, histories = self._inactive_because(project), self._states.histories
        if now != before:
            how_it_goes_on = f"is {now}: its events wait" if now else "continues"
            logger.warning("project %s %s", project, how_it_goes_on, extra=about_project(project))
            halted = {name: str(history.halt) for name, history in histories.items() if history.halt}
            self._status.show(halted=halted or None)
        if project not in self._followed:
            self._followed = {**self._followed, project: FollowedProject(histories[project])}
            self._status.metrics.own(self._followed)
