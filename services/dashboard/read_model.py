"""What the dashboard keeps of the log: a file of its own, which can be deleted and is made again."""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.errors import Unavailable
from labelloop.log.base import Record
from schemas.envelope import Event, attributes_to_json, from_parts
from services.dashboard.read_model_schema import BUSY, EMPTIED, FILE, new_group, opened
from services.dashboard.texts import TextRow

PAGE = 500
TEXT_COLUMNS = tuple(column.name for column in fields(TextRow))
QUICK = 1
"""The level at which events are packed."""


class AnotherLog(Exception):
    """The log is not the one that was read before: what is kept of it is to be made again."""


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is kept. `says`: its facts in a few words. `note`: why it does not count, if so."""

    record: Record
    event: Event
    batch: str | None
    model: str | None
    says: str
    note: str | None


def packed(content: bytes) -> bytes:
    """As it is kept."""
    return zlib.compress(content, QUICK)


class ReadModel:
    """The file, open for writing. One process writes it.

    `group`: under which the log knows the dashboard; another one where the file was made again.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        atomic.make_folder(folder)
        self.path = folder / FILE
        self._connection = opened(self.path, identity)
        self.group = self._about()["group"]
        self.positions = dict(self._connection.execute("SELECT part, offset FROM positions"))

    def close(self) -> None:
        self._connection.close()

    def renew(self) -> None:
        """Begin again, with nothing, in the same file: pages read it meanwhile."""
        group = new_group()
        with self.transaction():
            for table in EMPTIED:
                self._connection.execute(f"DELETE FROM {table}")
            self._connection.execute("UPDATE about SET value = ? WHERE name = 'group'", (group,))
        self.group, self.positions = group, {}

    def reader(self) -> sqlite3.Connection:
        """A further connection, which only reads."""
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -4000")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within are there together, or none. Raises Unavailable where the disk fails."""
        before = dict(self.positions)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self.positions = before
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise Unavailable(f"{self.path} cannot be written ({error})") from error
            raise

    def knows(self, record: Record) -> bool:
        """Whether the record was taken before. Raises AnotherLog if another was, in its place."""
        if record.offset > self.positions.get(record.partition, -1):
            return False
        place = (record.partition, record.offset)
        row = self._connection.execute(
            "SELECT id FROM events WHERE part = ? AND offset = ? "
            "UNION ALL SELECT '' FROM strangers WHERE part = ? AND offset = ?",
            (*place, *place),
        ).fetchone()
        if row is None or row[0] != (record.event.id if record.event else ""):
            raise AnotherLog(f"{record.position} holds another event than before")
        return True

    def moves_to(self, record: Record) -> None:
        """Note that everything up to this record was taken."""
        self.positions[record.partition] = record.offset
        self._connection.execute(
            "INSERT OR REPLACE INTO positions VALUES (?, ?)", (record.partition, record.offset)
        )

    def add_stranger(self, record: Record) -> None:
        """Keep that a record is no event."""
        self._connection.execute(
            "INSERT INTO strangers VALUES (?, ?, ?)",
            (record.partition, record.offset, record.problem or "it is no event"),
        )

    def add(self, row: StoredEvent) -> int:
        """Keep an event. Returns its number, which grows with each."""
        event, record = row.event, row.record
        added = self._connection.execute(
            "INSERT INTO events (part, offset, id, project, name, time, source, cause, batch, model, says, "
            "note, attributes, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.partition,
                record.offset,
                event.id,
                event.project,
                event.name,
                event.time.isoformat(),
                event.source,
                event.cause,
                row.batch,
                row.model,
                row.says,
                row.note,
                attributes_to_json(event),
                packed(event.data),
            ),
        )
        return int(added.lastrowid or 0)

    def events(self, project: str, after: int) -> Iterator[tuple[int, str, Event]]:
        """A project's kept events after one, in order: number, place in the log, and the event."""
        while rows := self._connection.execute(
            "SELECT seq, part, offset, attributes, data FROM events WHERE project = ? AND seq > ? "
            "ORDER BY seq LIMIT ?",
            (project, after, PAGE),
        ).fetchall():
            for seq, part, offset, attributes, data in rows:
                event = from_parts(attributes, zlib.decompress(data))
                yield seq, Record(part, offset, event).position, event
            after = rows[-1][0]

    def last(self, project: str) -> int:
        """The number of a project's newest event, or 0."""
        (seq,) = self._connection.execute(
            "SELECT coalesce(max(seq), 0) FROM events WHERE project = ?", (project,)
        ).fetchone()
        return int(seq)

    def fold(self, project: str) -> tuple[int, bytes] | None:
        """A project's saved fold, and the number of the last event in it."""
        row = self._connection.execute(
            "SELECT seq, content FROM folds WHERE project = ?", (project,)
        ).fetchone()
        return None if row is None else (int(row[0]), zlib.decompress(row[1]))

    def save_fold(self, project: str, seq: int, content: bytes) -> None:
        """Keep a project's fold, which is packed."""
        self._connection.execute("INSERT OR REPLACE INTO folds VALUES (?, ?, ?)", (project, seq, content))

    def save_figures(self, project: str, seq: int, figures: Mapping[str, str]) -> None:
        """Keep a project's figures as of an event: JSON by kind."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?)",
            [(project, kind, seq, content) for kind, content in figures.items()],
        )

    def save_texts(self, project: str, batch: str, rows: Iterable[TextRow]) -> None:
        """Keep a batch's texts as they are now."""
        self._connection.executemany(
            f"INSERT OR REPLACE INTO texts (project, batch, {', '.join(TEXT_COLUMNS)}) "
            f"VALUES (?, ?{', ?' * len(TEXT_COLUMNS)})",
            [(project, batch, *(getattr(row, name) for name in TEXT_COLUMNS)) for row in rows],
        )

    def wordless(self, project: str, most: int) -> list[int]:
        """Items that were asked and whose text is not kept."""
        rows = self._connection.execute(
            "SELECT DISTINCT item FROM texts LEFT JOIN words USING (project, item) "
            "WHERE project = ? AND text IS NULL ORDER BY item LIMIT ?",
            (project, most),
        )
        return [item for (item,) in rows]

    def save_words(self, project: str, words: Mapping[int, str]) -> None:
        """Keep texts by item."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO words VALUES (?, ?, ?)",
                [(project, item, text) for item, text in words.items()],
            )

    def read(self, project: str, name: str) -> tuple[bool, Any]:
        """Whether this was read of the store for a project, and what was there; None: nothing."""
        row = self._connection.execute(
            "SELECT content FROM read WHERE project = ? AND name = ?", (project, name)
        ).fetchone()
        if row is None or row[0] is None:
            return row is not None, None
        return True, json.loads(zlib.decompress(row[0]))

    def save_read(self, project: str, contents: Mapping[str, Any]) -> None:
        """Keep what was read of the store, JSON values by name. None: it is not there."""
        packed = {
            name: None
            if each is None
            else zlib.compress(json.dumps(each, ensure_ascii=False).encode(), QUICK)
            for name, each in contents.items()
        }
        with self.transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO read VALUES (?, ?, ?)",
                [(project, name, content) for name, content in packed.items()],
            )

    def stale(self, kinds: int) -> list[str]:
        """The projects that lack figures of so many kinds as of their newest event."""
        rows = self._connection.execute(
            "SELECT kept.project FROM (SELECT project, max(seq) AS last FROM events GROUP BY project) "
            "AS kept WHERE last > (SELECT CASE WHEN count(*) < ? THEN 0 ELSE min(seq) END FROM figures "
            "WHERE project = kept.project)",
            (kinds,),
        )
        return [project for (project,) in rows]

    def _about(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT name, value FROM about"))
