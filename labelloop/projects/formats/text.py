"""Exports as JSON Lines and CSV."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import TextIO

from labelloop.pool import formulas
from labelloop.projects.formats.columns import (
    COLUMNS,
    Row,
    check_columns,
    from_cells,
    from_json,
    own,
    to_cells,
    to_json,
)


def as_text(rows: Sequence[Row], kind: str, safe: bool = False) -> str:
    """The table as `jsonl` or `csv`. In CSV missing values are empty; lists and votes are JSON.

    `safe`: no cell of a CSV table is a formula to a spreadsheet; `from_text` gives the rows as they were.
    """
    if kind == "jsonl":
        return "".join(json.dumps(to_json(row), ensure_ascii=False) + "\n" for row in rows)
    names = _names(rows)
    table = [names, *([cells[name] for name in names] for cells in map(to_cells, rows))]
    if safe:
        table = [list(map(formulas.safe, cells)) for cells in table]
        for cells, mark in zip(table, chain([formulas.MARK], repeat("true")), strict=False):
            cells.append(mark)
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL if safe else csv.QUOTE_MINIMAL).writerows(table)
    return file.getvalue()


def formula_cells(rows: Sequence[Row]) -> int:
    """How many cells of a CSV table a spreadsheet may run as formulas."""
    cells = chain(_names(rows), *(to_cells(row).values() for row in rows))
    return sum(map(formulas.looks_like_formula, cells))


def _names(rows: Sequence[Row]) -> list[str]:
    return [*COLUMNS, *own(rows[0] if rows else {})]


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
