"""The log in one SQLite file, for several processes on one machine; its dead letters, and its backup."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import DeadLetter, DeadLetterStatus, Record, StandingBy, unheard
from labelloop.log.calm_collector import collecting_seldom
from labelloop.log.sqlite.connection import ERASED_FORMAT, check, connect, unusable
from labelloop.log.sqlite.file import PARTITION, SqliteFile, insert, record
from labelloop.log.sqlite.ownership import LIFETIME, Lease, SqliteOwnership, end_all, is_owner_alive
from schemas.envelope import Event

TAIL_INTERVAL = 0.04
TAKE_INTERVAL = 0.1
PAGE = 1000
READ_PAGE = 100  # what fits into a processor's cache until it is folded


class SqliteLog:
    """One file in WAL mode. Every append is a transaction that is on disk when it returns.

    `lifetime`: seconds without a heartbeat after which an owner is replaced.
    """

    def __init__(self, path: Path, lifetime: float = LIFETIME) -> None:
        self._file = SqliteFile(path)
        self.dead_letters = SqliteDeadLetters(self._file)
        self._lifetime = lifetime

    async def identity(self) -> str:
        """A random id from the file's creation. A copy of the file has the same id."""
        ((drawn,),) = self._file.query("SELECT value FROM about WHERE name = 'identity'")
        return f"sqlite:{drawn}"

    async def append(self, *events: Event, fence: bool = False) -> None:
        def transaction(connection: sqlite3.Connection) -> None:
            insert(connection, events)
            if fence:
                end_all(connection)

        await self._file.write(transaction)

    @asynccontextmanager
    async def own(self, service: str, standing_by: StandingBy = unheard) -> AsyncIterator[SqliteOwnership]:
        lease = Lease(service, self._lifetime)
        while not await self._file.write(lease.take):
            standing_by(None)
            await asyncio.sleep(TAKE_INTERVAL)
        ownership = SqliteOwnership(self, self._file, lease)
        beating = asyncio.create_task(ownership.beat())
        try:
            yield ownership
        finally:
            beating.cancel()
            with suppress(UserError, Unavailable):  # the lease ends with the process anyway
                await self._file.write(lease.release)

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator["SqliteFollower"]:
        if self._file.is_copy:
            raise UserError(
                "the log lies in a folder that cannot be written, so a copy of it is read, which gets no new "
                "events: follow it where it can be written"
            )
        yield SqliteFollower(self, self._file, group)

    async def seek(self, group: str, at_end: bool) -> None:
        end = "(SELECT coalesce(max(offset), 0) FROM events)" if at_end else "0"

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute(f"INSERT OR REPLACE INTO positions VALUES (?, {end})", (group,))

        await self._file.write(transaction)

    async def read(self, project: str | None = None) -> AsyncGenerator[Record, None]:
        end, offset = self.end(), 0
        with collecting_seldom():
            while records := self.page(offset, end, project, READ_PAGE):
                for each in records:
                    yield each
                offset = records[-1].offset
                await asyncio.sleep(0)

    async def check_unused(self) -> None:
        await self._file.write(lambda connection: check_unused(connection, self._lifetime))

    async def erase(self, project: str) -> int:
        """Erase a project's events, also from the file's free space. Returns how many there were.

        Raises UserError if a process still owns a service's projects.
        """
        await self._file.run("PRAGMA secure_delete = ON")
        erased = await self._file.write(lambda connection: erase(connection, project, self._lifetime))
        await self._file.run("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    async def close(self) -> None:
        self._file.close()

    def end(self) -> int:
        """The last offset in the log, or 0 if it is empty."""
        return int(self._file.query("SELECT coalesce(max(offset), 0) FROM events")[0][0])

    def page(
        self, after: int, end: int | None = None, project: str | None = None, most: int | None = None
    ) -> Sequence[Record]:
        """At most so many records (1,000) after an offset, up to and including `end`."""
        return [record(*row) for row in self.rows(after, end, project, most)]

    def rows(
        self, after: int, end: int | None = None, project: str | None = None, most: int | None = None
    ) -> Sequence[Any]:
        """The same records as stored rows: offset, attributes, data."""
        one_project = "" if project is None else "AND project = :project "
        return self._file.query(
            "SELECT offset, attributes, data FROM events WHERE offset > :after AND offset <= :end "
            f"{one_project}ORDER BY offset LIMIT :page",
            {"after": after, "end": 2**62 if end is None else end, "project": project, "page": most or PAGE},
        )

    async def tail(
        self, after: int, ended: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[Sequence[Record]]:
        """Pages of records after an offset, until `ended`. Sleeps while there are none."""
        last_version = None
        while not ended():
            version = self._file.version()
            if version == last_version:
                await asyncio.sleep(TAIL_INTERVAL)
                continue
            records = self.page(after)
            if records:
                after = records[-1].offset
                yield records
            else:
                last_version = version


class SqliteFollower:
    """Follows the log from a group's committed position."""

    def __init__(self, log: SqliteLog, file: SqliteFile, group: str) -> None:
        self._log = log
        self._file = file
        self._group = group
        self._position = self._committed()

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for records in self._log.tail(self._position):
            for each in records:
                self._position = each.offset
                yield each
            # A long log comes page by page: heartbeats and signals go on in between.
            await asyncio.sleep(0)

    async def commit(self, record: Record) -> None:
        """Commit: everything up to and including `record` is handled. A position never moves back."""

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO positions VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET offset = max(offset, excluded.offset)",
                (self._group, record.offset),
            )

        await self._file.write(transaction)

    def partitions(self) -> Collection[int]:
        return (PARTITION,)

    @property
    def rebalances(self) -> int:
        return 0

    async def lag(self) -> Mapping[int, int]:
        return {PARTITION: max(0, self._log.end() - self._position)}

    def _committed(self) -> int:
        rows = self._file.query("SELECT offset FROM positions WHERE name = ?", (self._group,))
        return int(rows[0][0]) if rows else 0


class SqliteDeadLetters:
    """One row per status of a letter. The event itself stays in the events table."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._letters: dict[str, DeadLetter] = {}
        self._place = 0

    async def put(self, *letters: DeadLetter) -> None:
        rows = [(x.group, x.offset, x.reason, x.attempts, x.time.isoformat(), x.status) for x in letters]

        def transaction(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO dead_letters (name, offset, reason, attempts, time, standing) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )

        await self._file.write(transaction)

    async def read(self) -> Mapping[str, DeadLetter]:
        rows = self._file.query(
            "SELECT place, name, reason, attempts, time, standing, offset, attributes, data "
            "FROM dead_letters JOIN events USING (offset) WHERE place > ? ORDER BY place",
            (self._place,),
        )
        for place, group, reason, attempts, time, status, *event in rows:
            self._place = place
            event_record = record(*event)
            if event_record.event is not None:
                letter = DeadLetter(
                    group,
                    event_record.partition,
                    event_record.offset,
                    event_record.event,
                    reason,
                    attempts,
                    datetime.fromisoformat(time),
                    DeadLetterStatus(status),
                )
                self._letters[letter.id] = letter
        return dict(self._letters)


def check_unused(connection: sqlite3.Connection, lifetime: float) -> None:
    """Raises UserError if a live process owns a service's projects: it could not tell what was erased."""
    for service, pid, *lease in connection.execute(
        "SELECT service, pid, started, beat FROM leases WHERE owner IS NOT NULL"
    ).fetchall():
        if is_owner_alive(lifetime, pid, *lease):
            raise UserError(f"the {service} (process {pid}) still uses this log: stop it, then try again")


def erase(connection: sqlite3.Connection, project: str, lifetime: float) -> int:
    """Erase the project's events inside the caller's transaction. Returns how many there were.

    Raises UserError if a live process owns a service's projects.
    """
    check_unused(connection, lifetime)
    end_all(connection)
    connection.execute(
        "DELETE FROM dead_letters WHERE offset IN (SELECT offset FROM events WHERE project = ?)", (project,)
    )
    erased = connection.execute("DELETE FROM events WHERE project = ?", (project,)).rowcount
    connection.execute(
        "UPDATE positions SET offset = "
        "(SELECT coalesce(max(events.offset), 0) FROM events WHERE events.offset <= positions.offset)"
    )
    connection.execute(
        "INSERT INTO about VALUES ('erased', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER)",
        (str(erased),),
    )
    connection.execute(f"PRAGMA user_version = {ERASED_FORMAT}")
    return erased


def back_up(path: Path, target: Path) -> None:
    """Copy the log to a new single file, in which nobody owns anything. Raises UserError if it is damaged."""
    try:
        with closing(connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            check(source, path)
            source.backup(copy)
            end_all(copy)
            copy.commit()
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise unusable(path, error) from error
