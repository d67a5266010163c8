"""Dead letters as rows of the log's database."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from labelloop.log.dead_letters import DeadLetter, DeadLetterStatus
from labelloop.log.sqlite.file import SqliteFile, record


class SqliteDeadLetters:
    """One row per status of a letter. The event itself stays in the events table."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._letters: dict[str, DeadLetter] = {}
        self._place = 0

    async def put(self, *letters: DeadLetter) -> None:
        rows = [(x.group, x.offset, x.reason, x.attempts, x.time.isoformat(), x.standing) for x in letters]

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
        for place, group, reason, attempts, time, standing, *event in rows:
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
                    DeadLetterStatus(standing),
                )
                self._letters[letter.id] = letter
        return dict(self._letters)
