"""The SQLite file of the log: how it is read and written, also where it can only be read; events as rows."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Record
from labelloop.log.sqlite.connection import BUSY_TIMEOUT, check, connect, is_current, unusable
from schemas import envelope
from schemas.envelope import Event, NotAnEvent

Result = TypeVar("Result")
PARTITION = 0
WAL, SHARED_MEMORY = "-wal", "-shm"
TRIES = 10
EFFECTIVE = {"effective_ids": True} if os.access in os.supports_effective_ids else {}


class SqliteFile:
    """Reads never wait, even while a write of this process waits for another process.

    A file that this process cannot write is read without writing anything; `is_copy`: a copy of it is read,
    which does not get later events. Raises UserError if the file is damaged or the disk is full, and
    Unavailable if it stays locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: sqlite3.Connection | None = None
        self.is_copy = False
        with ExitStack() as undo:
            if is_read_only(path):
                self._reader, self.is_copy = undo.enter_context(reading(path))
            else:
                self._writer = undo.enter_context(closing(connect(path)))
                self._reader = undo.enter_context(closing(connect(path)))
            check(self._reader, path)
            self._inode = _inode(path)
            self._open = undo.pop_all()
        self._writing = threading.Lock()
        self._reading = threading.Lock()

    def query(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        self._check_in_place()
        try:
            with self._reading:
                return self._reader.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._clear(error) from error

    def version(self) -> int:
        """A number that changes with each write of any process."""
        return int(self.query("PRAGMA data_version")[0][0])

    async def write(self, transaction: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a transaction in a thread, because another process may hold the write lock for a while."""
        return await asyncio.shield(asyncio.to_thread(self._write, transaction))

    def close(self) -> None:
        with self._writing, self._reading:
            self._open.close()

    async def run(self, statement: str) -> None:
        """Run a statement that cannot be part of a transaction, such as a PRAGMA, on the writing side."""
        await asyncio.shield(asyncio.to_thread(self._run, statement))

    def _run(self, statement: str) -> None:
        writer = self._writable()
        try:
            with self._writing:
                writer.execute(statement).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._clear(error) from error

    def _writable(self) -> sqlite3.Connection:
        if self._writer is None:
            raise UserError(f"the log {self._path} can only be read here: do this where it can be written")
        return self._writer

    def _write(self, transaction: Callable[[sqlite3.Connection], Result]) -> Result:
        writer = self._writable()
        self._check_in_place()
        try:
            with self._writing:
                writer.execute("BEGIN IMMEDIATE")
                try:
                    result = transaction(writer)
                    writer.execute("COMMIT")
                except BaseException:
                    if writer.in_transaction:
                        writer.execute("ROLLBACK")
                    raise
                return result
        except sqlite3.DatabaseError as error:
            raise self._clear(error) from error

    def _check_in_place(self) -> None:
        """Raises UserError if the file was removed or replaced: what is written to it now would be lost."""
        if _inode(self._path) != self._inode:
            raise UserError(
                f"the log {self._path} was removed or replaced while it was in use: put the log back, then "
                "start again"
            )

    def _clear(self, error: sqlite3.DatabaseError) -> Exception:
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
            return error
        if "locked" in str(error):
            return Unavailable(f"the log {self._path} is locked by another process")
        return unusable(self._path, error)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def insert(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Insert the events whose ids are new."""
    for event in events:
        connection.execute(
            "INSERT INTO events (id, project, attributes, data) SELECT ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?)",
            (event.id, event.project, envelope.attributes_to_json(event), event.data, event.id),
        )


def record(offset: int, attributes: str | bytes, data: bytes | str) -> Record:
    """A row as a Record. Data edited by hand may be text; the datahash reveals that."""
    content = data.encode() if isinstance(data, str) else data
    try:
        return Record(PARTITION, offset, envelope.from_parts(attributes, content))
    except NotAnEvent as error:
        return Record(PARTITION, offset, None, str(error))


def is_read_only(path: Path) -> bool:
    """Whether the log exists, and this process cannot write it or its folder."""
    return path.exists() and not all(os.access(each, os.W_OK, **EFFECTIVE) for each in (path, path.parent))


@contextmanager
def reading(path: Path) -> Iterator[tuple[sqlite3.Connection, bool]]:
    """A connection that only reads, and whether it reads a copy, which does not get later events.

    Raises UserError, and Unavailable if the log changes all the time.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="labelloop-log-") as folder:
            for _ in range(TRIES):
                connection = _in_place(path)
                if connection is not None:
                    with closing(connection):
                        yield connection, False
                    return
                copy = Path(folder) / path.name
                if _copied(path, copy):
                    with closing(connect(copy)) as connection:
                        connection.execute("PRAGMA query_only = ON")
                        yield connection, True
                    return
    except OSError as error:
        raise unusable(path, error) from error
    raise Unavailable(f"the log {path} changes while it is copied to be read")


def _in_place(path: Path) -> sqlite3.Connection | None:
    """A connection to the file itself, which sees later events. None if SQLite would have to write."""
    if not (_beside(path, WAL).exists() and _beside(path, SHARED_MEMORY).exists()):
        return None
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if is_current(connection):
            return connection
    except sqlite3.Error:
        pass
    connection.close()
    return None


def _copied(path: Path, copy: Path) -> bool:
    """Copy the file and its WAL. False if they changed meanwhile."""
    before = _stamps(path)
    for ending in ("", WAL):
        target = _beside(copy, ending)
        target.unlink(missing_ok=True)
        if _beside(path, ending).exists():
            shutil.copyfile(_beside(path, ending), target)
    return _stamps(path) == before


def _stamps(path: Path) -> list[tuple[int, int, int] | None]:
    return [_stamp(_beside(path, ending)) for ending in ("", WAL)]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
