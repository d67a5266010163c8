"""What pages read of the texts that people were asked."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

PAGE = 200
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

    def found(
        self, project: str, chosen: TextFilter, after: tuple[str, int] | None, most: int
    ) -> list[sqlite3.Row]:
        """The texts for which the filter holds, those asked last first, after one where that is given."""
        where, values = _where(project, chosen, after)
        return self._connection.execute(
            f"SELECT {COLUMNS} {FROM} WHERE {where} ORDER BY asked DESC, rank DESC LIMIT ?", (*values, most)
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
    project: str, chosen: TextFilter, after: tuple[str, int] | None = None
) -> tuple[str, list[object]]:
    """The condition in SQL, and its values."""
    conditions = list(_conditions(project, chosen))
    if after is not None:
        conditions.append(("(asked, rank) < (?, ?)", after))
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
