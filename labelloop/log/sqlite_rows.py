"""Events as rows of the SQLite log, and back."""

import sqlite3
from collections.abc import Sequence

from labelloop.log import codec
from labelloop.log.base import Record
from schemas.envelope import Event, NotAnEvent

PARTITION = 0


def insert(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Add the events whose ids are not there yet."""
    for event in events:
        connection.execute(
            "INSERT INTO events (id, project, attributes, data) SELECT ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?)",
            (event.id, event.project, codec.attributes_to_json(event), event.data, event.id),
        )


def record(offset: int, attributes: str | bytes, data: bytes | str) -> Record:
    """The row as it was read; data edited by hand can come as text, which their datahash gives away."""
    content = data.encode() if isinstance(data, str) else data
    try:
        return Record(PARTITION, offset, codec.from_parts(attributes, content))
    except NotAnEvent as error:
        return Record(PARTITION, offset, None, str(error))
