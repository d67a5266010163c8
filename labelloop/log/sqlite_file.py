"""The SQLite file under the log: one connection that reads and one that writes."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, TypeVar

from labelloop.errors import Unavailable
from labelloop.log.sqlite_schema import check, connect, unusable

Result = TypeVar("Result")


class SqliteFile:
    """Reads at once, even while a write of this process waits for one of another process.

    Raises UserError when the file is damaged or its disk full, Unavailable when it stays locked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with ExitStack() as undo:
            self._writer = undo.enter_context(closing(connect(path)))
            self._reader = undo.enter_context(closing(connect(path)))
            check(self._reader, path)
            undo.pop_all()
        self._writing = threading.Lock()
        self._reading = threading.Lock()

    def query(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        try:
            with self._reading:
                return self._reader.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._clear(error) from error

    def version(self) -> int:
        """A number that changes with each write of any process."""
        return int(self.query("PRAGMA data_version")[0][0])

    async def write(self, transaction: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a transaction in a thread: another process may hold the file's write lock for a while."""
        return await asyncio.shield(asyncio.to_thread(self._write, transaction))

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def _write(self, transaction: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            with self._writing:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    result = transaction(self._writer)
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
                return result
        except sqlite3.DatabaseError as error:
            raise self._clear(error) from error

    def _clear(self, error: sqlite3.DatabaseError) -> Exception:
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
            return error
        if "locked" in str(error):
            return Unavailable(f"the log {self._path} is locked by another process")
        return unusable(self._path, error)
