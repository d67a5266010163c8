"""Follow a log's events, each with the state of its project right after it."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from labelloop.config.home import DEFAULT
from labelloop.config.locations import locations_of
from labelloop.config.service_settings import BESIDE, SERVICES
from labelloop.errors import Unavailable, UserError
from labelloop.log import open_log
from labelloop.log.base import Log, Record, own_group
from labelloop.loop.history import History
from labelloop.loop.state import ProjectState
from schemas.envelope import Event

EventAndState = tuple[Event, ProjectState]
IsWanted = Callable[[Event], bool]


def every(event: Event) -> bool:
    return True


def none(event: Event) -> bool:
    return False


@dataclass
class DeliveringHistory(History):
    """A history that remembers the last record and the events it brought."""

    deliveries: list[EventAndState] = field(default_factory=list)
    offset: int = -1
    _is_wanted: IsWanted = none

    def take(self, record: Record, is_wanted: IsWanted) -> None:
        """Add a record, and collect the wanted events that now count.

        These are none, its event, or also events that were held until it came. Only wanted events get a
        state, because keeping a state unchanged is expensive.
        """
        self.deliveries, self.offset, self._is_wanted = [], record.offset, is_wanted
        if record.event is not None:
            self.add(record.event, record.position)

    def _take(self, event: Event, position: str) -> bool:
        goes_on = super()._take(event, position)
        if goes_on and self._is_wanted(event):
            self.deliveries.append((event, self.state))
        return goes_on


class States:
    """The projects of a log. Each is folded from its beginning when its first record comes."""

    def __init__(self, log: Log, is_wanted: IsWanted = every) -> None:
        self._log = log
        self._is_wanted = is_wanted
        self._log_identity: str | None = None
        self.histories: dict[str, DeliveringHistory] = {}

    def forget(self) -> None:
        """Fold again: the next record may not follow the last one."""
        self.histories.clear()

    async def deliveries(self, record: Record) -> Sequence[EventAndState]:
        """The events that a record brings, in the order of the log. A second call returns the same.

        Raises Unavailable.
        """
        assert record.event is not None
        history = self.histories.get(record.event.project)
        if history is None:
            history = self.histories[record.event.project] = await self._folded(record)
        elif history.offset < record.offset:
            history.take(record, self._is_wanted)
        return history.deliveries if history.offset == record.offset else await self.told_then(record)

    async def told_then(self, record: Record) -> Sequence[EventAndState]:
        """The events that an earlier record brought when it came. Raises Unavailable."""
        return (await self._folded(record)).deliveries

    async def _folded(self, last: Record) -> DeliveringHistory:
        """The project of a record, folded up to and including it."""
        assert last.event is not None
        try:
            if self._log_identity is None:
                self._log_identity = await self._log.identity()
            history = DeliveringHistory(last.event.project, self._log_identity)
            async with aclosing(self._log.read(last.event.project)) as records:
                async for record in records:
                    if record.offset >= last.offset:
                        break
                    history.take(record, none)
        except UserError as error:
            raise Unavailable(str(error)) from error
        history.take(last, self._is_wanted)
        return history


async def follow(
    log: str | Path = DEFAULT, group: str | None = None, project: str | None = None
) -> AsyncIterator[tuple[Event, ProjectState]]:
    """Yields the valid events of a log (URL) or a home, without end. `project` is an id.

    It starts with the first event. With a `group`, it continues after the last event that was fully handled.
    Raises UserError and Unavailable.
    """
    name = own_group() if group is None else checked(group)
    locations = locations_of(str(log))
    opened = open_log(locations.log)
    states = States(opened)
    try:
        async with opened.follow(name) as follower:
            rebalances = follower.rebalances
            async for record in follower:
                if follower.rebalances != rebalances:
                    rebalances = follower.rebalances
                    states.forget()
                if record.event is not None and project in (None, record.event.project):
                    for event, state in await states.deliveries(record):
                        yield event, state
                if group is not None:
                    await follower.commit(record)
    finally:
        await opened.close()


def checked(group: str) -> str:
    """Check a group's name. Raises UserError if it is invalid or a service's."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,150}", group):
        raise UserError(f"{group!r} is not a valid name of a group: use letters, digits, '.', '_' and '-'")
    if group in (*SERVICES, *BESIDE):
        raise UserError(f"{group} is the name of a service: give another one with --group")
    return group
