"""What pages read of the read model."""

import json
import sqlite3
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.envelope import from_parts, to_structured

PAGE = 100
MOST_EFFECTS = 50
MOST_COUNTED = 100
COLUMNS = "seq, part, offset, id, project, name, time, source, cause, batch, model, says, note"
EACH = (
    "WITH RECURSIVE each(value) AS (SELECT min({column}) FROM events UNION ALL "
    "SELECT (SELECT min({column}) FROM events WHERE {column} > value) FROM each WHERE value IS NOT NULL) "
)
"""The different values of a column that has an index: a step for each, and not for each event."""
BY = {"project": "project", "type": "name", "batch": "batch", "model": "model"}


@dataclass(frozen=True)
class EventQuery:
    """Which events: those for which all of these hold."""

    project: str = ""
    type: str = ""
    batch: str = ""
    model: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The conditions that are given, by name."""
        return {name: value for name, value in vars(self).items() if value}


class Queries:
    """Reads for pages, each short."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._counted: dict[EventQuery, tuple[int, str | None, int]] = {}

    def figures(self, kind: str) -> dict[str, Any]:
        """The figures of this kind of all projects that are shown, by project."""
        rows = self._connection.execute(
            "SELECT project, content FROM figures WHERE kind = ? ORDER BY project", (kind,)
        )
        contents = {row["project"]: json.loads(row["content"]) for row in rows}
        return {project: figures for project, figures in contents.items() if figures is not None}

    def figure(self, project: str, kind: str) -> Any:
        """One project's figures of a kind, or None."""
        row = self._connection.execute(
            "SELECT content FROM figures WHERE project = ? AND kind = ?", (project, kind)
        ).fetchone()
        return None if row is None else json.loads(row["content"])

    def newest(self) -> dict[str, str]:
        """The time of each project's newest event."""
        rows = self._connection.execute(
            f"{EACH.format(column='project')} SELECT project, time FROM events WHERE seq IN "
            "(SELECT (SELECT max(seq) FROM events WHERE project = value) FROM each)"
        )
        return {row["project"]: row["time"] for row in rows}

    def count(self, chosen: EventQuery) -> int:
        """For how many events the filter holds. Of those that were counted before only the number is kept."""
        last, last_id, count = self._counted.get(chosen, (0, None, 0))
        if last and self._id(last) != last_id:
            last, count = 0, 0
        newest = self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        if newest > last:
            where, values = _where(chosen, {"seq > ?": last, "seq <= ?": newest})
            count += self._connection.execute(f"SELECT count(*) FROM events {where}", values).fetchone()[0]
            if len(self._counted) > MOST_COUNTED:
                self._counted.clear()
            self._counted[chosen] = newest, self._id(newest), count
        return int(count)

    def _id(self, seq: int) -> str | None:
        row = self._connection.execute("SELECT id FROM events WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else str(row["id"])

    def events(self, chosen: EventQuery, before: int | None = None, most: int = PAGE) -> list[sqlite3.Row]:
        """The newest events for which the filter holds, before one where that is given."""
        where, values = _where(chosen, {} if before is None else {"seq < ?": before})
        return self._connection.execute(
            f"SELECT {COLUMNS} FROM events {where} ORDER BY seq DESC LIMIT ?", (*values, most)
        ).fetchall()

    def event_names(self) -> Sequence[str]:
        """The types of the events that are kept."""
        return self._each("name")

    def projects(self) -> Sequence[str]:
        """The ids of the projects of which there is an event."""
        return self._each("project")

    def _each(self, column: str) -> Sequence[str]:
        rows = self._connection.execute(f"{EACH.format(column=column)} SELECT value FROM each ORDER BY value")
        return [row["value"] for row in rows if row["value"] is not None]

    def event(self, seq: int) -> Mapping[str, Any] | None:
        """An event, whole: its facts, and `content`, which is the event as structured JSON."""
        row = self._connection.execute(
            f"SELECT {COLUMNS}, attributes, data FROM events WHERE seq = ?", (seq,)
        ).fetchone()
        if row is None:
            return None
        content = to_structured(from_parts(row["attributes"], zlib.decompress(row["data"])))
        return {**{name: row[name] for name in COLUMNS.split(", ")}, "content": content}

    def of_id(self, event_id: str | None) -> list[sqlite3.Row]:
        """The events with this id: its first, and copies of it."""
        if event_id is None:
            return []
        return self._connection.execute(
            f"SELECT {COLUMNS} FROM events WHERE id = ? ORDER BY seq LIMIT ?", (event_id, MOST_EFFECTS)
        ).fetchall()

    def effects(self, event_id: str) -> list[sqlite3.Row]:
        """The events that this one made due."""
        return self._connection.execute(
            f"SELECT {COLUMNS} FROM events WHERE cause = ? ORDER BY seq LIMIT ?", (event_id, MOST_EFFECTS)
        ).fetchall()

    def surprises(self, project: str, most: int) -> list[sqlite3.Row]:
        """The texts whose label is another than the model that picked them was surest of."""
        return self._connection.execute(
            "SELECT texts.item, texts.label, texts.predicted, texts.probability, words.text FROM texts "
            "LEFT JOIN words USING (project, item) WHERE texts.project = ? AND label IS NOT NULL "
            "AND predicted IS NOT NULL AND predicted != label ORDER BY probability DESC LIMIT ?",
            (project, most),
        ).fetchall()

    def times(self, project: str, name: str, models: Collection[str]) -> dict[str, str]:
        """When the newest event of a type came of each of these models."""
        marks = ", ".join("?" * len(models))
        rows = self._connection.execute(
            "SELECT model, time FROM events WHERE seq IN (SELECT max(seq) FROM events "
            f"WHERE model IN ({marks}) AND project = ? AND name = ? GROUP BY model)",
            (*models, project, name),
        )
        return {row["model"]: row["time"] for row in rows}

    def newest_models(self) -> list[dict[str, Any]]:
        """What each project's newest model was trained with."""
        rows = self._connection.execute(
            "SELECT project, data FROM events WHERE seq IN "
            "(SELECT max(seq) FROM events WHERE name = 'ModelTrained' GROUP BY project) ORDER BY project"
        )
        return [{**json.loads(zlib.decompress(row["data"])), "project": row["project"]} for row in rows]

    def at(self, part: int, offset: int) -> int | None:
        """The number of the event at a place of the log."""
        row = self._connection.execute(
            "SELECT seq FROM events WHERE part = ? AND offset = ?", (part, offset)
        ).fetchone()
        return None if row is None else int(row["seq"])


def _where(chosen: EventQuery, places: Mapping[str, int]) -> tuple[str, list[object]]:
    """The condition in SQL, and its values."""
    conditions: dict[str, object] = {f"{BY[name]} = ?": value for name, value in chosen.given.items()}
    conditions |= places
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", list(conditions.values())
