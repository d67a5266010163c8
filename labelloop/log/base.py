"""The interface that every event log implements."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from labelloop.errors import Unavailable
from schemas.envelope import Event


class LogLost(Unavailable):
    """The log that this machine knew is not there: it is missing, is another one, or lacks what was read."""


class Fenced(Exception):
    """Another process now owns this service's projects. Later appends of this process were refused."""


@dataclass(frozen=True)
class Record:
    """One record of the log. `event` is None if its bytes are not an event; `problem` says why."""

    partition: int
    offset: int
    event: Event | None
    problem: str | None = None

    @property
    def position(self) -> str:
        """The partition and the offset, as text."""
        return f"partition {self.partition}, offset {self.offset}"


@dataclass(frozen=True)
class Assigned:
    """This owner now has the partition. Its records follow from the beginning."""

    partition: int


@dataclass(frozen=True)
class Revoked:
    """Another owner now has the partition."""

    partition: int


@dataclass(frozen=True)
class Arrived:
    """Records in order, each once. `caught_up`: everything that was there at the assignment has arrived."""

    partition: int
    records: Sequence[Record]
    caught_up: bool


@dataclass(frozen=True)
class Away:
    """The log does not answer at present. Ownership does not change, and nothing arrives until Back.

    `outage` is that of the errors raised in the meantime.
    """

    reason: str
    outage: str


@dataclass(frozen=True)
class Back:
    """The log answers again."""


Change = Assigned | Revoked | Arrived | Away | Back


StandingBy = Callable[[str | None], None]
"""Called while other live processes own everything, with None or the reason why the log does not answer."""


def unheard(reason: str | None) -> None:
    """A StandingBy that does nothing."""


class Ownership(Protocol):
    """The partitions that one process owns for a service, as a stream of changes. It ends if all are lost.

    If the log cannot refuse duplicates, an event that was appended twice arrives twice.
    """

    def __aiter__(self) -> AsyncIterator[Change]: ...

    def skip_past(self, partition: int, offset: int) -> None:
        """Start a partition's records after an offset. Allowed only while its Assigned is handled.

        Raises LogLost if the log never came to the record after that offset.
        """
        ...

    def lag(self) -> Mapping[int, int]:
        """How many offsets each owned partition is behind the log's end, as of the last check."""
        ...

    async def append(self, *events: Event) -> None:
        """Append as the owner: all events of a project or none. Raises Fenced if another one took over."""
        ...


class DeadLetterStatus(StrEnum):
    """The status of a dead letter."""

    DEAD = "dead"
    """It waits until somebody asks for redelivery."""

    REDRIVEN = "redriven"
    """Redelivery was requested: its group will get it again."""

    SETTLED = "settled"
    """It was handled."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that a group could not handle, its place in the log, and its status since `time`.

    `attempts`: the total number of failed attempts. `reason`: why the last one failed.
    """

    group: str
    partition: int
    offset: int
    event: Event
    reason: str
    attempts: int
    time: datetime
    status: DeadLetterStatus = DeadLetterStatus.DEAD

    @property
    def id(self) -> str:
        """The id of the dead letter: the same for every attempt of the group at the record."""
        return f"{self.group}:{self.partition}:{self.offset}"

    def redriven(self, time: datetime) -> "DeadLetter":
        return replace(self, status=DeadLetterStatus.REDRIVEN, time=time)

    def settled(self, time: datetime) -> "DeadLetter":
        return replace(self, status=DeadLetterStatus.SETTLED, time=time)

    def failed_again(self, reason: str, time: datetime) -> "DeadLetter":
        return replace(
            self, status=DeadLetterStatus.DEAD, reason=reason, attempts=self.attempts + 1, time=time
        )


class DeadLetters(Protocol):
    """The dead letters of all groups of a log: an append-only list, in which a letter's last entry counts."""

    async def put(self, *letters: DeadLetter) -> None:
        """Record the current status of letters. Raises Unavailable and UserError."""
        ...

    async def read(self) -> Mapping[str, DeadLetter]:
        """The current status of every letter by id, oldest first, including handled ones.

        Raises Unavailable and UserError.
        """
        ...


class Follower(Protocol):
    """Records after the group's committed position, each at least once, without end."""

    def __aiter__(self) -> AsyncIterator[Record]: ...

    async def commit(self, record: Record) -> None:
        """Commit: everything up to and including `record` is handled."""
        ...

    def partitions(self) -> Collection[int]:
        """The partitions whose records this member of the group gets now."""
        ...

    @property
    def rebalances(self) -> int:
        """How often the group rebalanced. After a rebalance, records need not continue where they stopped."""
        ...

    async def lag(self) -> Mapping[int, int]:
        """How many offsets each partition of this member is behind the log's end. Raises Unavailable."""
        ...


class Log(Protocol):
    """An event log. The events of each project are totally ordered.

    Nothing here makes a log. Where there is none, its methods raise LogLost, or opening it a UserError.
    """

    async def identity(self) -> str:
        """A unique id of this log, independent of the URL. Raises Unavailable."""
        ...

    async def append(self, *events: Event, fence: bool = False) -> None:
        """Append all events of a project or none. A known id is not an error: the first event counts.

        `fence`: if the log supports it, owners must join again before they append, so they read these events.
        """
        ...

    def own(self, service: str, standing_by: StandingBy = unheard) -> AbstractAsyncContextManager[Ownership]:
        """Become an owner of a service's projects. Waits while other live processes own all of them.

        A dead or frozen owner is replaced and fenced: it can no longer append. Raises Unavailable.
        """
        ...

    def follow(self, group: str) -> AbstractAsyncContextManager[Follower]:
        """Follow as a member of a group. A new group starts at the beginning, unless `seek` moved it."""
        ...

    async def seek(self, group: str, at_end: bool) -> None:
        """Move a group to the log's end or to its beginning. No member may be running.

        Raises Unavailable, and UserError if the log detects a running member: Kafka does, SQLite does not.
        """
        ...

    @property
    def dead_letters(self) -> DeadLetters:
        """The events that followers could not handle."""
        ...

    def read(self, project: str | None = None) -> AsyncGenerator[Record, None]:
        """All records up to the current end, of one project or of all projects."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class ErasingLog(Protocol):
    """A log that can also forget a project, because it has no readers while nothing runs."""

    async def check_unused(self) -> None:
        """Raises UserError while somebody owns a service's projects."""
        ...

    async def erase(self, project: str) -> int:
        """Erase a project's events. Returns how many there were. Other events keep their places.

        Raises UserError while somebody owns a service's projects, and Unavailable.
        """
        ...


def own_group() -> str:
    """A group name for `Log.follow` that no other process uses."""
    return f"view-{secrets.token_hex(4)}"
