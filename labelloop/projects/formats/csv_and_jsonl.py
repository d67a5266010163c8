"""Exports as JSON Lines and CSV."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from labelloop.pool import formulas
from labelloop.projects.formats.columns import (
    Row,
    Table,
    check_columns,
    from_cells,
    from_json,
    to_cells,
    to_json,
)


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
