"""An oracle in one SQLite file, with accounts, records and votes of its own."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from labelloop.config.settings import ServiceSettings
from labelloop.errors import Unavailable, UserError
from labelloop.loop.state import Batch
from labelloop.oracle.base import AskedText, Missing, Rejected
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.oracle.open import OraclePlugin
from schemas.events import ProjectCreated
from schemas.parts import Vote

TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS projects (id TEXT PRIMARY KEY, labels TEXT);
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, username TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, project TEXT REFERENCES projects ON DELETE CASCADE, batch TEXT, item INTEGER,
    rank INTEGER, text TEXT, reason TEXT, model TEXT, suggested TEXT, made TEXT, UNIQUE (project, batch, item)
);
CREATE TABLE IF NOT EXISTS votes (
    record TEXT REFERENCES records ON DELETE CASCADE, account TEXT REFERENCES accounts ON DELETE CASCADE,
    status TEXT, labels TEXT, time TEXT, PRIMARY KEY (record, account)
);
"""


class Office:
    """The file, and who works in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.open() as file:
            file.executescript(TABLES)

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "Office":
        path = os.environ.get("OFFICE_FILE")
        if not path:
            raise UserError("OFFICE_FILE is not set: give the file in which people answer")
        return cls(Path(path))

    def project(self, project_id: str) -> "OfficeRecords":
        return OfficeRecords(self, project_id)

    async def close(self) -> None:
        """Every call opens the file for itself."""

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        try:
            file = sqlite3.connect(self.path, timeout=20)
            try:
                file.execute("PRAGMA foreign_keys = ON")
                with file:
                    yield file
            finally:
                file.close()
        except sqlite3.IntegrityError as error:
            raise Rejected(str(error)) from error
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the office {self.path} cannot be opened: {error}") from error

    def hire(self, username: str) -> str:
        """An account for someone, unless there is one: its id."""
        with self.open() as file:
            file.execute("INSERT OR IGNORE INTO accounts VALUES (?, ?)", (uuid4().hex, username))
            ((found,),) = file.execute("SELECT id FROM accounts WHERE username = ?", (username,))
        return str(found)


class OfficeRecords:
    """The records of one project."""

    def __init__(self, office: Office, project_id: str) -> None:
        self._office = office
        self._id = project_id

    async def set_up(self, project: ProjectCreated) -> bool:
        if project.task != "single-label":
            raise UserError(f"the office asks for one label, and {project.name} wants {project.task}")
        with self._office.open() as file:
            made = file.execute(
                "INSERT OR IGNORE INTO projects VALUES (?, ?)", (self._id, json.dumps(project.labels))
            )
        return made.rowcount > 0

    async def seen(self, batch: Batch) -> Mapping[int, SeenRecord] | None:
        with self._office.open() as file:
            if not self._is_there(file):
                return None
            records = file.execute(
                "SELECT item, id, made FROM records WHERE project = ? AND batch = ?", (self._id, batch.name)
            ).fetchall()
            return {item: SeenRecord(id, self._votes(file, id), _time(made)) for item, id, made in records}

    async def accounts(self) -> Mapping[str, str]:
        with self._office.open() as file:
            return dict(file.execute("SELECT id, username FROM accounts"))

    async def put(self, texts: Sequence[AskedText]) -> None:
        with self._office.open() as file:
            if not self._is_there(file):
                raise Missing(f"the office has no project {self._id}")
            for asked in texts:
                self._put(file, asked)

    async def remove(self, records: Sequence[str]) -> None:
        with self._office.open() as file:
            file.executemany("DELETE FROM records WHERE id = ?", [(record,) for record in records])

    async def make_account(self, username: str) -> str:
        return self._office.hire(username)

    def forget(self) -> None:
        """Nothing is remembered."""

    def _is_there(self, file: sqlite3.Connection) -> bool:
        return bool(file.execute("SELECT 1 FROM projects WHERE id = ?", (self._id,)).fetchall())

    def _put(self, file: sqlite3.Connection, asked: AskedText) -> None:
        suggested = json.dumps(asked.suggestion.labels) if asked.suggestion else None
        shown = (asked.rank, asked.text, asked.reason, asked.model, suggested)
        file.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " rank = excluded.rank, text = excluded.text, reason = excluded.reason, model = excluded.model",
            (uuid4().hex, self._id, asked.batch, asked.item, *shown, datetime.now(UTC).isoformat()),
        )
        ((record,),) = file.execute(
            "SELECT id FROM records WHERE project = ? AND batch = ? AND item = ?",
            (self._id, asked.batch, asked.item),
        )
        for vote in asked.votes:
            answer(file, record, str(vote.user), vote.status, vote.labels)

    def _votes(self, file: sqlite3.Connection, record: str) -> tuple[Vote, ...]:
        found = file.execute(
            "SELECT username, account, status, labels, time FROM votes JOIN accounts ON accounts.id = account"
            " WHERE record = ? ORDER BY username",
            (record,),
        )
        return tuple(
            Vote(username=name, user=user, status=status, labels=tuple(json.loads(labels)), time=_time(time))
            for name, user, status, labels, time in found
        )


def answer(file: sqlite3.Connection, record: str, account: str, status: str, labels: Sequence[str]) -> None:
    """Someone's answer; a second time replaces the first."""
    now = datetime.now(UTC).isoformat()
    file.execute(
        "INSERT OR REPLACE INTO votes VALUES (?, ?, ?, ?, ?)",
        (record, account, status, json.dumps(labels), now),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


OFFICE = OraclePlugin("office", Office.from_settings)
