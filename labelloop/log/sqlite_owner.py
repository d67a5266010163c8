"""Owning a service's projects in the SQLite log: its lease on the whole file, which is one partition."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Arrived, Assigned, Change, Fenced, Record, Revoked
from labelloop.log.sqlite_file import SqliteFile
from labelloop.log.sqlite_lease import Lease
from labelloop.log.sqlite_rows import PARTITION, insert
from schemas.envelope import Event


class Tailed(Protocol):
    """What an owner reads from."""

    def end(self) -> int: ...

    def tail(self, after: int, ended: Callable[[], bool]) -> AsyncIterator[Sequence[Record]]: ...


class SqliteOwnership:
    """What one process owns while it holds the lease."""

    def __init__(self, log: Tailed, file: SqliteFile, lease: Lease) -> None:
        self._log = log
        self._file = file
        self._lease = lease
        self._lost = False
        self._start = 0
        self._passed = 0

    def skip_past(self, partition: int, offset: int) -> None:
        self._start = offset

    def lag(self) -> Mapping[int, int]:
        return {PARTITION: max(0, self._log.end() - self._passed)}

    async def append(self, *events: Event) -> None:
        def transaction(connection: sqlite3.Connection) -> None:
            if not self._lease.held(connection):
                self._lost = True
                raise Fenced(f"another process took over {self._lease.service}")
            insert(connection, events)

        await self._file.write(transaction)

    async def beat(self) -> None:
        """Renew the lease until it is lost."""
        while not self._lost:
            await asyncio.sleep(self._lease.renewal)
            with suppress(sqlite3.Error, UserError, Unavailable):
                self._lost = not await self._file.write(self._lease.renew)

    async def __aiter__(self) -> AsyncIterator[Change]:
        yield Assigned(PARTITION)
        end = self._log.end()
        if end <= self._start:
            yield Arrived(PARTITION, (), True)
        async for records in self._log.tail(self._start, lambda: self._lost):
            self._passed = records[-1].offset
            yield Arrived(PARTITION, records, records[-1].offset >= end)
        yield Revoked(PARTITION)
