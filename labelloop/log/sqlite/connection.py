"""A connection to the SQLite log: how its file is opened, its tables, and checks that it is intact."""

import errno
import shutil
import sqlite3
from contextlib import ExitStack, suppress
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError

APPLICATION_ID = 0x1ABE1
FORMAT = 2
ERASED_FORMAT = 3
"""The format of a log from which a project was erased: an older labelloop would take it for damaged."""
BUSY_TIMEOUT = 30.0
NEEDED = 64 * 1024
READABLE = 0o644

TABLES = """
CREATE TABLE IF NOT EXISTS events (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    attributes TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_project ON events (project, offset);
CREATE TABLE IF NOT EXISTS positions (name TEXT PRIMARY KEY, offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS leases (
    service TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT,
    pid INTEGER,
    started REAL,
    beat REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS dead_letters (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    offset INTEGER NOT NULL REFERENCES events (offset),
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    time TEXT NOT NULL,
    standing TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT OR IGNORE INTO about VALUES ('identity', lower(hex(randomblob(16))));
"""


def connect(path: Path) -> sqlite3.Connection:
    """Connect to the log. It is created if it does not exist. Raises UserError."""
    with ExitStack() as undo:
        try:
            _make(path)
            connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            undo.callback(connection.close)
            _prepare(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, OSError) as error:
            raise unusable(path, error) from error
        undo.pop_all()
    return connection


def _make(path: Path) -> None:
    """Create the empty file, as open as its folder. SQLite gives the files beside it the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with suppress(FileExistsError):
            atomic.create(path, atomic.limited(READABLE, path.parent)).close()


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raises UserError if the file was truncated, or if events were removed or renamed by hand."""
    try:
        _check_last_page(connection, path)
        count, last, written, erased = connection.execute(
            "SELECT count(*), coalesce(max(offset), 0), "
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0), "
            "coalesce((SELECT CAST(value AS INTEGER) FROM about WHERE name = 'erased'), 0) FROM events"
        ).fetchone()
        edited = connection.execute(
            "SELECT offset FROM events WHERE json_valid(attributes) AND "
            "(json_extract(attributes, '$.id') != id OR json_extract(attributes, '$.subject') != project)"
        ).fetchone()
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    ever = max(written, last)
    if not count + erased == ever == written:
        raise UserError(
            f"the log {path} lacks {ever - erased - count} of the {ever - erased} events that were written "
            "to it: put back a copy that was made before"
        )
    if edited is not None:
        raise UserError(f"the log {path} was edited by hand at offset {edited[0]}: put back a copy of it")


def _check_last_page(connection: sqlite3.Connection, path: Path) -> None:
    """Check for a file that ends in the middle of a page, which SQLite itself does not notice."""
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size % page_size:
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if result != "ok":
            raise sqlite3.DatabaseError(f"malformed: {result.splitlines()[-1]}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (version or tables):
        raise UserError(f"{path} is another program's file, not a log: give the path of a log, or a new one")
    if version > ERASED_FORMAT:
        raise UserError(f"a newer labelloop wrote the log {path}: upgrade labelloop")
    connection.execute("PRAGMA journal_mode = WAL")
    if version < FORMAT:
        _create(connection)


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether the file is a log that can be read as it is. Raises sqlite3.Error if it cannot be read."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == APPLICATION_ID and version in (FORMAT, ERASED_FORMAT))


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def unusable(path: Path, error: Exception) -> UserError:
    """A UserError for an error of SQLite or the system."""
    reason = str(error)
    no_space = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if no_space or "full" in reason or _is_full(path):
        return UserError(f"no space left for the log {path}: free some space on this disk")
    if "malformed" in reason or "not a database" in reason or "no such" in reason:
        return UserError(f"the log {path} is damaged ({reason}): put back a copy of it")
    return UserError(f"the log {path} cannot be used ({reason}): check its path, disk and permissions")


def _is_full(path: Path) -> bool:
    """Whether the disk is full. SQLite reports an I/O error if there is no space for its shared memory."""
    return path.parent.is_dir() and shutil.disk_usage(path.parent).free < NEEDED
