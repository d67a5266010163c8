"""The interface of an event log, whichever it is."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

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


Change = Assigned | Revoked | Arrived


class Ownership(Protocol):
    """What one process owns for a service, as a stream of changes; it ends when nothing is left to own."""

    def __aiter__(self) -> AsyncIterator[Change]: ...

    async def append(self, *events: Event) -> None:
        """Append as the owner. Raises Fenced when another process has taken over."""
        ...


class Follower(Protocol):
    """Records from the group's committed position on: at least once each, without an end."""

    def __aiter__(self) -> AsyncIterator[Record]: ...

    async def commit(self, record: Record) -> None:
        """All up to and with `record` is handled."""
        ...


class Log(Protocol):
    """An event log. Every project's events are in one order."""

    async def append(self, *events: Event) -> None:
        """Append all or none. An id that is already there is no error; its event stays as it is."""
        ...

    def own(self, service: str) -> AbstractAsyncContextManager[Ownership]:
        """Become the owner of the projects of a service, waiting while another live process is.

        A dead or frozen owner is replaced, and fenced: it can append no more.
        """
        ...

    def follow(self, group: str) -> AbstractAsyncContextManager[Follower]: ...

    def read(self, project: str | None = None) -> AsyncIterator[Record]:
        """All records up to the present end, of one project or of all."""
        ...

    async def close(self) -> None: ...
