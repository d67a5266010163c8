"""Tables to write: the columns of an export with their types, and their rows as JSON Lines and CSV."""

import csv
import io
import json
import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TextIO

from labelloop.errors import UserError
from labelloop.pool import formulas
from labelloop.pool.formulas import MARK

Row = dict[str, Any]
# As msgspec writes one in the log.
UTC_OFFSET = "+00:00"

TEXT, FLAG, WHOLE, NUMBER, TIME, TEXTS, VOTES = "text", "flag", "whole", "number", "time", "texts", "votes"
NUMBERS = "numbers"
COLUMNS = {
    "text": TEXT,
    "label": TEXT,
    "labels": TEXTS,
    "discarded": FLAG,
    "item": WHOLE,
    "source_row": WHOLE,
    "batch": TEXT,
    "revision": WHOLE,
    "reason": TEXT,
    "model": TEXT,
    "predicted": TEXTS,
    "probability": NUMBER,
    "agreement": NUMBER,
    "time": TIME,
    "annotators": TEXTS,
    "votes": VOTES,
}


@dataclass(frozen=True)
class Table:
    """Rows in parts, of which one is in memory at a time, and their columns with their types."""

    columns: Mapping[str, str]
    parts: Iterable[Sequence[Row]]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """The table of an export. The user's own columns are those of its first row."""
        return cls({**COLUMNS, **dict.fromkeys(own(rows[0] if rows else {}), TEXT)}, [rows])


def check_columns(names: Any, source: str) -> None:
    """Raises UserError if a column of an export is missing."""
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise UserError(
            f"{source} is not an export of this labelloop version: it has no column {', '.join(missing)}; "
            "export it again"
        )


def own_name(name: str, others: Container[str], ours: Iterable[str] = tuple(COLUMNS)) -> str:
    """The name in an export of one of the user's own columns, whatever the `others` are named."""
    free_name = name
    while free_name in (*ours, MARK) or (free_name != name and free_name in others):
        free_name = f"source_{free_name}"
    return free_name


def own(row: Row) -> Row:
    """The columns of the user's own data set."""
    return {name: value for name, value in row.items() if name not in COLUMNS}


def to_json(row: Row, columns: Mapping[str, str]) -> Row:
    """The row with its times as ISO 8601 strings."""
    return {name: _to_json(value, columns[name]) for name, value in row.items()}


def _to_json(value: Any, kind: str) -> Any:
    if kind == VOTES:
        return [{**vote, "time": _time_text(vote["time"])} for vote in value]
    return _time_text(value) if kind == TIME else value


def from_json(row: Row) -> Row:
    """The row from `to_json`. Other columns than those of an export are kept as they are."""
    votes = [{**vote, "time": _time(vote["time"])} for vote in row["votes"]]
    return {**{name: row[name] for name in COLUMNS}, **own(row), "time": _time(row["time"]), "votes": votes}


def to_cells(row: Row, columns: Mapping[str, str]) -> Row:
    """Each value as the text of a CSV cell. Missing values are empty; lists, votes and flags are JSON."""
    return {name: _to_cell(value, columns[name]) for name, value in to_json(row, columns).items()}


def from_cells(row: Row) -> Row:
    """The row from `to_cells`. Raises ValueError if a cell does not have its column's type."""
    values = {name: _from_cell(row[name], kind) for name, kind in COLUMNS.items()}
    return from_json({**values, **{name: value or None for name, value in own(row).items()}})


def _to_cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    return str(value) if kind in (TEXT, TIME) else json.dumps(value, ensure_ascii=False)


def _from_cell(cell: str, kind: str) -> Any:
    if not cell:
        return None
    return cell if kind in (TEXT, TIME) else json.loads(cell)


def _time_text(time: datetime | None) -> str | None:
    return time.isoformat().replace(UTC_OFFSET, "Z") if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def as_text(rows: Sequence[Row], kind: str, safe: bool = False) -> str:
    """The table of an export as `jsonl` or `csv`, as `text_of` writes it."""
    return "".join(text_of(Table.of(rows), kind, safe))


def text_of(table: Table, kind: str, safe: bool = False) -> Iterator[str]:
    """The table as `jsonl` or `csv`, part by part. In CSV missing values are empty; lists and votes are JSON.

    `safe`: no cell of a CSV table is a formula to a spreadsheet; `from_text` gives the rows as they were.
    """
    if kind == "jsonl":
        for rows in table.parts:
            yield "".join(json.dumps(to_json(row, table.columns), ensure_ascii=False) + "\n" for row in rows)
        return
    yield _csv([list(table.columns)], formulas.MARK, safe)
    for rows in table.parts:
        cells = (to_cells(row, table.columns) for row in rows)
        yield _csv(([row[name] for name in table.columns] for row in cells), "true", safe)


def _csv(lines: Iterable[Sequence[str]], mark: str, safe: bool) -> str:
    """Lines of CSV; safe ones have their cells made safe, and the mark at their ends."""
    file = io.StringIO()
    if safe:
        lines = ([*map(formulas.safe, cells), mark] for cells in lines)
    csv.writer(file, quoting=csv.QUOTE_ALL if safe else csv.QUOTE_MINIMAL).writerows(lines)
    return file.getvalue()


def formula_cells(rows: Sequence[Row]) -> int:
    """How many cells of an export's CSV table, with its header, a spreadsheet may run as formulas."""
    table = Table.of(rows)
    return formulas_in(table.columns) + formulas_in_rows(rows, table.columns)


def formulas_in_rows(rows: Iterable[Row], columns: Mapping[str, str]) -> int:
    return sum(formulas_in(to_cells(row, columns).values()) for row in rows)


def formulas_in(cells: Iterable[str]) -> int:
    return sum(map(formulas.looks_like_formula, cells))


def from_text(file: TextIO, kind: str, source: str) -> Iterator[Row]:
    """The rows of a file that was opened with newline="". Raises UserError and ValueError."""
    if kind == "jsonl":
        for line in file:
            values = json.loads(line)
            check_columns(values, source)
            yield from_json(values)
        return
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(file, strict=True)
    names = next(reader, [])
    is_safe = formulas.MARK in names
    if is_safe:
        names = list(map(formulas.as_it_was, names))
    check_columns(names, source)
    for cells in filter(None, reader):
        row = dict(zip(names, map(formulas.as_it_was, cells) if is_safe else cells, strict=True))
        row.pop(formulas.MARK, None)
        yield from_cells(row)
