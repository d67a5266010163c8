"""Ownership in the SQLite log: a lease per service. Each append checks the lease's epoch."""

import asyncio
import os
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import psutil

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Arrived, Assigned, Change, Fenced, LogLost, Record, Revoked
from labelloop.log.sqlite.file import PARTITION, SqliteFile, insert
from schemas.envelope import Event

LAST_WRITTEN = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
LIFETIME = 10.0
SAME_START = 5.0  # a process's start is reckoned from the clock, which is set now and then


class Lease:
    """One process's lease on a service. All methods run inside the caller's transaction; times in seconds.

    An owner that has not renewed its lease for `lifetime` counts as frozen.
    """

    def __init__(self, service: str, lifetime: float) -> None:
        self.service = service
        self.renewal = lifetime * 0.3
        self._lifetime = lifetime
        self._owner = uuid.uuid4().hex
        self._epoch = 0

    def take(self, connection: sqlite3.Connection) -> bool:
        """Become the owner, unless a live process is. The epoch grows, which fences the previous owner."""
        row = connection.execute(
            "SELECT epoch, owner, pid, started, beat FROM leases WHERE service = ?", (self.service,)
        ).fetchone()
        epoch = row[0] if row else 0
        if row and row[1] is not None and is_owner_alive(self._lifetime, *row[2:]):
            return False
        self._epoch = epoch + 1
        connection.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)",
            (self.service, self._epoch, self._owner, os.getpid(), _started(os.getpid()), time.time()),
        )
        return True

    def held(self, connection: sqlite3.Connection) -> bool:
        row = connection.execute(
            "SELECT epoch, owner FROM leases WHERE service = ?", (self.service,)
        ).fetchone()
        return bool(row == (self._epoch, self._owner))

    def renew(self, connection: sqlite3.Connection) -> bool:
        """Renew the lease. Returns False if this process no longer owns it."""
        cursor = connection.execute(
            "UPDATE leases SET beat = ? WHERE service = ? AND owner = ?",
            (time.time(), self.service, self._owner),
        )
        return cursor.rowcount == 1

    def release(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE leases SET owner = NULL WHERE service = ? AND owner = ?", (self.service, self._owner)
        )


def is_owner_alive(lifetime: float, pid: int, started: float, beat: float) -> bool:
    """Whether the owner of a lease still runs and renews it."""
    if abs(time.time() - beat) > lifetime:
        return False
    now = _started(pid)
    return now is not None and abs(now - started) < SAME_START


def end_all(connection: sqlite3.Connection) -> None:
    """End all leases. Every owner must take its lease again before it can append."""
    connection.execute("UPDATE leases SET epoch = epoch + 1, owner = NULL")


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


class Tailed(Protocol):
    """The log that an owner reads."""

    def end(self) -> int: ...

    def tail(self, after: int, ended: Callable[[], bool]) -> AsyncIterator[Sequence[Record]]: ...


class SqliteOwnership:
    """The ownership of one process while it holds the lease."""

    def __init__(self, log: Tailed, file: SqliteFile, lease: Lease) -> None:
        self._log = log
        self._file = file
        self._lease = lease
        self._lost = False
        self._start = 0
        self._passed = 0

    def skip_past(self, partition: int, offset: int) -> None:
        ((last,),) = self._file.query(LAST_WRITTEN)
        if last <= offset:
            raise LogLost(f"the log ends at offset {last}")
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
