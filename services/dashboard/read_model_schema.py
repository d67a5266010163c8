"""The file of what the dashboard keeps: its tables, and how it is opened or made again."""

import hashlib
import secrets
import sqlite3
from functools import cache
from pathlib import Path

import labelloop.projects
import services.dashboard
from labelloop import atomic
from labelloop.runtime.state_cache import version as fold_version

SCHEMA = "2"
FILE = "read-model.sqlite"
GROUP = "dashboard"
BUSY = 10.0
EMPTIED = ("positions", "events", "strangers", "folds", "figures", "texts", "words", "read")
TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (part INTEGER PRIMARY KEY, offset INTEGER NOT NULL);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    part INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    time TEXT NOT NULL,
    source TEXT NOT NULL,
    cause TEXT,
    batch TEXT,
    model TEXT,
    says TEXT NOT NULL,
    note TEXT,
    attributes TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (part, offset)
);
CREATE INDEX events_by_id ON events (id);
CREATE INDEX events_by_cause ON events (cause) WHERE cause IS NOT NULL;
CREATE INDEX events_by_project ON events (project, seq);
CREATE INDEX events_by_name ON events (name, seq);
CREATE INDEX events_by_batch ON events (batch, seq) WHERE batch IS NOT NULL;
CREATE INDEX events_by_model ON events (model, seq) WHERE model IS NOT NULL;
CREATE TABLE strangers (
    part INTEGER NOT NULL, offset INTEGER NOT NULL, problem TEXT NOT NULL, PRIMARY KEY (part, offset)
) WITHOUT ROWID;
CREATE TABLE folds (project TEXT PRIMARY KEY, seq INTEGER NOT NULL, content BLOB NOT NULL);
CREATE TABLE figures (
    project TEXT NOT NULL, kind TEXT NOT NULL, seq INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (project, kind)
) WITHOUT ROWID;
CREATE TABLE texts (
    project TEXT NOT NULL, batch TEXT NOT NULL, item INTEGER NOT NULL,
    rank INTEGER NOT NULL, reason TEXT NOT NULL, score REAL,
    model TEXT, predicted TEXT, probability REAL, asked TEXT NOT NULL,
    label TEXT, discarded INTEGER NOT NULL, agreement REAL, people TEXT NOT NULL, answers INTEGER NOT NULL,
    PRIMARY KEY (project, batch, item)
) WITHOUT ROWID;
CREATE INDEX texts_by_time ON texts (project, asked, rank);
CREATE TABLE words (project TEXT NOT NULL, item INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (project, item)) WITHOUT ROWID;
CREATE TABLE read (project TEXT NOT NULL, name TEXT NOT NULL, content BLOB,
    PRIMARY KEY (project, name)) WITHOUT ROWID;
"""


def opened(path: Path, identity: str) -> sqlite3.Connection:
    """The file of the log with this identity. One that is of another log, or cannot be used, is made again.

    Folds and figures of another version of the code are dropped.
    """
    try:
        connection = _connected(path)
        about = dict(connection.execute("SELECT name, value FROM about"))
        if (about.get("schema"), about.get("log")) == (SCHEMA, identity):
            if about.get("code") != _code():
                _forget_what_code_made(connection)
            # What was gone may have been restored.
            connection.execute("DELETE FROM read WHERE content IS NULL")
            return connection
        connection.close()
    except sqlite3.Error:
        pass
    for suffix in ("", "-wal", "-shm"):
        atomic.remove(path.with_name(path.name + suffix))
    return _made(path, identity)


def new_group() -> str:
    """The name of a group that no dashboard had before."""
    return f"{GROUP}-{secrets.token_hex(4)}"


def _made(path: Path, identity: str) -> sqlite3.Connection:
    atomic.create(path, atomic.THIS_USER).close()
    connection = _connected(path)
    connection.executescript(f"BEGIN; {TABLES} COMMIT;")
    about = {"schema": SCHEMA, "log": identity, "group": new_group(), "code": _code()}
    connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise sqlite3.OperationalError("it is not there")
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # Whatever a power cut takes is read from the log again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -8000")
    return connection


def _forget_what_code_made(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM folds")
    connection.execute("DELETE FROM figures")
    connection.execute("DELETE FROM read")
    connection.execute("UPDATE about SET value = ? WHERE name = 'code'", (_code(),))
    connection.execute("COMMIT")


@cache
def _code() -> str:
    """Of the code that folds and makes figures: another one may make others."""
    folders = [*labelloop.projects.__path__, *services.dashboard.__path__]
    content = hashlib.sha256(fold_version().encode())
    for path in sorted(path for folder in folders for path in Path(folder).glob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()
