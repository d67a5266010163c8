"""What pages read of the texts that people were asked."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

PAGE = 200
RIGHT, WRONG, DISAGREE, OPEN = "right", "wrong", "disagree", "open"
STANDINGS = {
    RIGHT: "predicted = label",
    WRONG: "predicted != label",
    DISAGREE: "agreement < 1",
    OPEN: "label IS NULL AND NOT discarded",
}
COLUMNS = (
    "texts.item, batch, rank, reason, score, model, predicted, probability, asked, label, discarded, "
    "agreement, people, answers, words.text"
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
        conditions = list(_conditions(project, chosen))
        if after is not None:
            conditions.append(("(asked, rank) < (?, ?)", after))
        where = " AND ".join(condition for condition, _ in conditions)
        values = [value for _, values in conditions for value in values]
        return self._connection.execute(
            f"SELECT {COLUMNS} {FROM} WHERE {where} ORDER BY asked DESC, rank DESC LIMIT ?", (*values, most)
        ).fetchall()

    def count(self, project: str, chosen: TextFilter) -> int:
        """How many there are."""
        conditions = list(_conditions(project, chosen))
        where = " AND ".join(condition for condition, _ in conditions)
        values = [value for _, values in conditions for value in values]
        return int(self._connection.execute(f"SELECT count(*) {FROM} WHERE {where}", values).fetchone()[0])

    def choices(self, project: str) -> Mapping[str, Sequence[str]]:
        """The labels and the reasons that there are."""
        return {
            column: [
                row[0]
                for row in self._connection.execute(
                    f"SELECT DISTINCT {column} FROM texts WHERE project = ? AND {column} IS NOT NULL "
                    f"ORDER BY {column}",
                    (project,),
                )
            ]
            for column in ("label", "reason")
        }

    def labelled(self, project: str, most: int) -> Mapping[int, tuple[str, str]]:
        """The label and the text of each of the newest labelled texts, by item."""
        rows = self._connection.execute(
            f"SELECT texts.item, label, words.text {FROM} WHERE project = ? AND label IS NOT NULL "
            "AND words.text IS NOT NULL ORDER BY asked DESC, rank DESC LIMIT ?",
            (project, most),
        )
        return {int(item): (str(label), str(text)) for item, label, text in rows}

    def words(self, project: str, item: int) -> str | None:
        """The text itself, if it is known."""
        row = self._connection.execute(
            "SELECT text FROM words WHERE project = ? AND item = ?", (project, item)
        ).fetchone()
        return None if row is None else str(row[0])


def _conditions(project: str, chosen: TextFilter) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "project = ?", (project,)
    for name in ("label", "batch", "reason"):
        if value := getattr(chosen, name):
            yield f"{name} = ?", (value,)
    if chosen.words:
        yield "words.text LIKE ? ESCAPE '\\'", (f"%{_literal(chosen.words)}%",)
    if chosen.who:
        yield "instr(char(10) || people || char(10), char(10) || ? || char(10))", (chosen.who,)
    if chosen.standing in STANDINGS:
        yield STANDINGS[chosen.standing], ()


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
