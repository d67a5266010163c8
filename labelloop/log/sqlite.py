"""The log in one SQLite file, for several processes on one machine."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from labelloop.errors import UserError
from labelloop.log import codec
from labelloop.log.base import Arrived, Assigned, Change, Fenced, Record, Revoked
from labelloop.log.sqlite_lease import Lease
from labelloop.log.sqlite_schema import check, connect
from schemas.envelope import Event, NotAnEvent

TAIL_INTERVAL = 0.04
PAGE = 1000
PARTITION = 0
Result = TypeVar("Result")


class SqliteLog:
    """One file in WAL mode; every append is a transaction that is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        self._lock = threading.Lock()
        check(self._connection, path)

    async def append(self, *events: Event) -> None:
        await self._write(lambda connection: _insert(connection, events))

    @asynccontextmanager
    async def own(self, service: str) -> AsyncIterator["SqliteOwnership"]:
        lease = Lease(service)
        while not await self._write(lease.take):
            await asyncio.sleep(lease.WAIT)
        ownership = SqliteOwnership(self, lease)
        beating = asyncio.create_task(ownership.beat())
        try:
            yield ownership
        finally:
            beating.cancel()
            await self._write(lease.release)

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator["SqliteFollower"]:
        yield SqliteFollower(self, group)

    async def read(self, project: str | None = None) -> AsyncIterator[Record]:
        end, offset = self.end(), 0
        while records := self.page(offset, end, project):
            for record in records:
                yield record
            offset = records[-1].offset

    async def close(self) -> None:
        with self._lock:
            self._connection.close()

    def end(self) -> int:
        """The last offset in the log; 0 when it is empty."""
        return int(self._query("SELECT coalesce(max(offset), 0) FROM events")[0][0])

    def page(self, after: int, end: int | None = None, project: str | None = None) -> Sequence[Record]:
        rows = self._query(
            "SELECT offset, attributes, data FROM events WHERE offset > ? AND offset <= ? "
            "AND (? IS NULL OR project = ?) ORDER BY offset LIMIT ?",
            (after, end if end is not None else 2**62, project, project, PAGE),
        )
        return [_record(offset, attributes, data) for offset, attributes, data in rows]

    async def tail(
        self, after: int, ended: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Sequence[Record]]:
        """Pages of records after an offset until `ended`; waits without spinning when there are none."""
        seen = None
        while not ended():
            changed = self._query("PRAGMA data_version")[0][0], self._connection.total_changes
            if changed == seen:
                await asyncio.sleep(TAIL_INTERVAL)
                continue
            records = self.page(after)
            if records:
                after = records[-1].offset
                yield records
            else:
                seen = changed

    def committed(self, group: str) -> int:
        rows = self._query("SELECT offset FROM positions WHERE name = ?", (group,))
        return int(rows[0][0]) if rows else 0

    async def commit(self, group: str, offset: int) -> None:
        await self._write(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO positions VALUES (?, ?)",
                (group, offset),
            )
        )

    async def append_as(self, lease: Lease, events: Sequence[Event]) -> None:
        def transaction(connection: sqlite3.Connection) -> None:
            if not lease.held(connection):
                raise Fenced(f"another process took over {lease.service}")
            _insert(connection, events)

        await self._write(transaction)

    async def renew(self, lease: Lease) -> bool:
        return await self._write(lease.renew)

    def _query(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    async def _write(self, transaction: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a transaction in a thread: another process may hold the file's write lock for a while."""

        def run() -> Result:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    result = transaction(self._connection)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
                return result

        try:
            return await asyncio.shield(asyncio.to_thread(run))
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise UserError(
                    f"no space left for the log {self._path}: free some space on this disk"
                ) from error
            raise


class SqliteOwnership:
    """A service's lease on the whole file, which is one partition."""

    def __init__(self, log: SqliteLog, lease: Lease) -> None:
        self._log = log
        self._lease = lease
        self._lost = False

    async def append(self, *events: Event) -> None:
        await self._log.append_as(self._lease, events)

    async def beat(self) -> None:
        """Renew the lease until it is lost."""
        while not self._lost:
            await asyncio.sleep(self._lease.RENEW)
            with suppress(sqlite3.Error, UserError):
                self._lost = not await self._log.renew(self._lease)

    async def __aiter__(self) -> AsyncIterator[Change]:
        yield Assigned(PARTITION)
        end = self._log.end()
        if end == 0:
            yield Arrived(PARTITION, (), True)
        async for records in self._log.tail(0, lambda: self._lost):
            yield Arrived(PARTITION, records, records[-1].offset >= end)
        yield Revoked(PARTITION)


class SqliteFollower:
    """A group's place in the log."""

    def __init__(self, log: SqliteLog, group: str) -> None:
        self._log = log
        self._group = group

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for records in self._log.tail(self._log.committed(self._group)):
            for record in records:
                yield record

    async def commit(self, record: Record) -> None:
        await self._log.commit(self._group, record.offset)


def _insert(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    for event in events:
        connection.execute(
            "INSERT INTO events (id, project, attributes, data) SELECT ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?)",
            (event.id, event.project, codec.attributes_to_json(event), event.data, event.id),
        )


def _record(offset: int, attributes: str, data: bytes) -> Record:
    try:
        return Record(PARTITION, offset, codec.from_parts(attributes, data))
    except NotAnEvent as error:
        return Record(PARTITION, offset, None, str(error))
