"""What pages read of the texts that people were asked."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

PAGE = 200
PLACE = re.compile(r"(\S+) (\d{1,18}) (\d{1,18}) (.*)", re.ASCII | re.DOTALL)
LONGEST_WORDS = 200
EXCERPT, COMPARED = 2000, 10_000
"""So many characters of a text are read for a list; and where it is compared with others."""
RIGHT, WRONG, DISAGREE, OPEN = "right", "wrong", "disagree", "open"
STANDINGS = {
    RIGHT: "predicted = label",
    WRONG: "predicted != label",
    DISAGREE: "agreement < 1",
    OPEN: "label IS NULL AND NOT discarded",
}
COLUMNS = (
    "texts.item, batch, rank, reason, score, model, predicted, probability, asked, label, discarded, "
    f"agreement, people, answers, substr(words.text, 1, {EXCERPT}) AS text"
)
FROM = "FROM texts LEFT JOIN words USING (project, item)"
ORDER = ("asked", "rank", "batch", "item")


class Place(NamedTuple):
    """Where in the list of all texts one stands. It stays there, whatever people answer."""

    asked: str
    rank: int
    batch: str
    item: int

    @classmethod
    def of(cls, row: Mapping[str, Any] | sqlite3.Row) -> "Place":
        """The place of a row."""
        return cls(*(row[name] for name in ORDER))

    @classmethod
    def read(cls, text: str | None) -> "Place | None":
        """The place that an address names, if it does."""
        match = PLACE.fullmatch(text or "")
        return match and cls(match[1], int(match[2]), match[4], int(match[3]))

    def __str__(self) -> str:
        return f"{self.asked} {self.rank} {self.item} {self.batch}"


@dataclass(frozen=True)
class TextFilter:
    """Which texts: those for which all of these hold. `standing`: right, wrong, disagree or open."""

    words: str = ""
    label: str = ""
    batch: str = ""
    reason: str = ""
    who: str = ""
    standing: str = ""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the conditions."""
        return tuple(each.name for each in fields(cls))

    @property
    def given(self) -> dict[str, str]:
        """The conditions that are given, by name."""
        return {name: value for name, value in vars(self).items() if value}


class TextQueries:
    """Reads of texts for pages."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def matching(
        self, project: str, chosen: TextFilter, after: Place | None, most: int, until: Place | None = None
    ) -> list[sqlite3.Row]:
        """The texts for which the filter holds, those asked last first.

        Where places are given, only those after the one, and up to the other.
        """
        where, values = _where(project, chosen, after, until)
        order = ", ".join(f"{name} DESC" for name in ORDER)
        return self._connection.execute(
            f"SELECT {COLUMNS} {FROM} WHERE {where} ORDER BY {order} LIMIT ?", (*values, most)
        ).fetchall()

    def count(self, project: str, chosen: TextFilter) -> int:
        """How many there are."""
        where, values = _where(project, chosen)
        return int(self._connection.execute(f"SELECT count(*) {FROM} WHERE {where}", values).fetchone()[0])

    def choices(self, project: str, labels: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The labels and the reasons that there are. `labels`: the project's, which an answer joins."""
        given = {column: self._different(project, column) for column in ("label", "reason")}
        parts = [label for label in labels if any(label in _parts(each, labels) for each in given["label"])]
        others = [each for each in given["label"] if not _parts(each, labels)]
        return {**given, "label": sorted({*parts, *others})}

    def _different(self, project: str, column: str) -> list[str]:
        rows = self._connection.execute(
            f"SELECT DISTINCT {column} FROM texts WHERE project = ? AND {column} IS NOT NULL "
            f"ORDER BY {column}",
            (project,),
        )
        return [row[0] for row in rows]

    def labelled(self, project: str, most: int) -> Mapping[int, tuple[str, str]]:
        """The label and the text of each of the newest labelled texts, by item."""
        rows = self._connection.execute(
            f"SELECT texts.item, label, substr(words.text, 1, {COMPARED}) {FROM} WHERE project = ? "
            "AND label IS NOT NULL AND words.text IS NOT NULL ORDER BY asked DESC, rank DESC LIMIT ?",
            (project, most),
        )
        return {int(item): (str(label), str(text)) for item, label, text in rows}

    def words(self, project: str, item: int) -> str | None:
        """The text itself, if it is known."""
        row = self._connection.execute(
            "SELECT text FROM words WHERE project = ? AND item = ?", (project, item)
        ).fetchone()
        return None if row is None else str(row[0])


def _where(
    project: str, chosen: TextFilter, after: Place | None = None, until: Place | None = None
) -> tuple[str, list[object]]:
    """The condition in SQL, and its values."""
    conditions = list(_conditions(project, chosen))
    for place, comes in ((after, "<"), (until, ">=")):
        if place is not None:
            conditions.append((f"({', '.join(ORDER)}) {comes} (?, ?, ?, ?)", place))
    where = " AND ".join(condition for condition, _ in conditions)
    return where, [value for _, values in conditions for value in values]


def _conditions(project: str, chosen: TextFilter) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "project = ?", (project,)
    for name in ("batch", "reason"):
        if value := getattr(chosen, name):
            yield f"{name} = ?", (value,)
    if chosen.label:
        # An answer of several labels is written as one line.
        yield "instr(', ' || label || ', ', ', ' || ? || ', ')", (chosen.label,)
    if chosen.words:
        # LIKE would take seconds for long words in a long text.
        yield "instr(lower(words.text), lower(?))", (chosen.words[:LONGEST_WORDS],)
    if chosen.who:
        yield "instr(char(10) || people || char(10), char(10) || ? || char(10))", (chosen.who,)
    if chosen.standing in STANDINGS:
        yield STANDINGS[chosen.standing], ()


def _parts(answer: str, labels: Sequence[str]) -> list[str]:
    return [label for label in labels if f", {label}, " in f", {answer}, "]
