"""The interface of an event log, whichever it is."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from labelloop.log.dead_letters import DeadLetters
from schemas.envelope import Event


class Fenced(Exception):
    """Another process owns this service's projects now; what was appended after that was refused."""


@dataclass(frozen=True)
class Record:
    """A place in the log. `event` is None where the bytes there are no event; `problem` says why."""

    partition: int
    offset: int
    event: Event | None
    problem: str | None = None

    @property
    def position(self) -> str:
        """For people."""
        return f"partition {self.partition}, offset {self.offset}"


@dataclass(frozen=True)
class Assigned:
    """This owner has the partition now; its history follows from the beginning."""

    partition: int


@dataclass(frozen=True)
class Revoked:
    """The partition belongs to another owner now."""

    partition: int


@dataclass(frozen=True)
class Arrived:
    """Records in order, each once. `caught_up`: all that was in the log at the assignment has arrived."""

    partition: int
    records: Sequence[Record]
    caught_up: bool


@dataclass(frozen=True)
class Away:
    """The log does not answer for now; what is owned stays owned, and nothing arrives until Back.

    `outage` as of the errors that are raised meanwhile.
    """

    reason: str
    outage: str


@dataclass(frozen=True)
class Back:
    """The log answers again."""


Change = Assigned | Revoked | Arrived | Away | Back


StandingBy = Callable[[str | None], None]
"""Told while other live processes own all: None, or why the log does not answer for now."""


def unheard(reason: str | None) -> None:
    """Nobody asked how it stands."""


class Ownership(Protocol):
    """What one process owns for a service, as a stream of changes; it ends when nothing is left to own.

    An event that was appended twice arrives twice where the log cannot refuse it.
    """

    def __aiter__(self) -> AsyncIterator[Change]: ...

    def skip_past(self, partition: int, offset: int) -> None:
        """Begin a partition's history behind an offset: only while its Assigned is handled."""
        ...

    def lag(self) -> Mapping[int, int]:
        """How many offsets each partition owned is behind the log's end, when that was last looked at."""
        ...

    async def append(self, *events: Event) -> None:
        """Append as the owner: all or none of a project's. Raises Fenced when another has taken over."""
        ...


class Follower(Protocol):
    """Records from the group's committed position on: at least once each, without an end."""

    def __aiter__(self) -> AsyncIterator[Record]: ...

    async def commit(self, record: Record) -> None:
        """All up to and with `record` is handled."""
        ...

    def partitions(self) -> Collection[int]:
        """Those whose records come here now, and not to another member of the group."""
        ...

    @property
    def rebalances(self) -> int:
        """How often the group has shared the partitions out: what comes next may not follow on what came."""
        ...

    async def lag(self) -> Mapping[int, int]:
        """How many offsets each partition that comes here is behind the log's end. Raises Unavailable."""
        ...


class Log(Protocol):
    """An event log. Every project's events are in one order."""

    async def identity(self) -> str:
        """What tells this log from every other, by whichever URL it is reached. Raises Unavailable."""
        ...

    async def append(self, *events: Event, fence: bool = False) -> None:
        """Append all or none of a project's. An id that is there already is no error: the first counts.

        `fence`: where the log can see to that, no owner appends anything behind it unread; owners join again.
        """
        ...

    def own(self, service: str, standing_by: StandingBy = unheard) -> AbstractAsyncContextManager[Ownership]:
        """Become an owner of projects of a service, waiting while other live processes own them all.

        A dead or frozen owner is replaced, and fenced: it can append no more. Raises Unavailable.
        """
        ...

    def follow(self, group: str) -> AbstractAsyncContextManager[Follower]:
        """Follow as a member of a group, which begins at the log's beginning unless it was placed."""
        ...

    async def seek(self, group: str, at_end: bool) -> None:
        """Let a group begin anew: behind all that is there, or at the beginning. No member may be at work.

        Raises Unavailable, and UserError where the log sees a member at work: Kafka does, SQLite does not.
        """
        ...

    @property
    def dead_letters(self) -> DeadLetters:
        """What followers could not handle."""
        ...

    def read(self, project: str | None = None) -> AsyncGenerator[Record, None]:
        """All records up to the present end, of one project or of all."""
        ...

    async def close(self) -> None: ...
