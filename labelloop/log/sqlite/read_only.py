"""Reading a log that this process cannot write, without writing anything beside it.

SQLite reads a file in WAL mode only with the files `-wal` and `-shm` beside it, and creates them if they are
missing. In a folder that cannot be written, a copy elsewhere is read then.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from labelloop.errors import Unavailable
from labelloop.log.sqlite.schema import BUSY_TIMEOUT, connect, is_current, unusable

WAL, SHARED_MEMORY = "-wal", "-shm"
TRIES = 10
EFFECTIVE = {"effective_ids": True} if os.access in os.supports_effective_ids else {}


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
    before = _version(path)
    for ending in ("", WAL):
        target = _beside(copy, ending)
        target.unlink(missing_ok=True)
        if _beside(path, ending).exists():
            shutil.copyfile(_beside(path, ending), target)
    return _version(path) == before


def _version(path: Path) -> list[tuple[int, int, int] | None]:
    return [_stamp(_beside(path, ending)) for ending in ("", WAL)]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
