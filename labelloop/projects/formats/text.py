"""Exports as JSON Lines and CSV."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

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


def as_text(rows: Sequence[Row], kind: str) -> str:
    """The table as `jsonl` or `csv`. In CSV missing values are empty; lists and votes are JSON."""
    if kind == "jsonl":
        return "".join(json.dumps(to_json(row), ensure_ascii=False) + "\n" for row in rows)
    file = io.StringIO()
    writer = csv.DictWriter(file, [*COLUMNS, *own(rows[0] if rows else {})])
    writer.writeheader()
    writer.writerows(map(to_cells, rows))
    return file.getvalue()


def from_text(file: TextIO, kind: str, source: str) -> Iterator[Row]:
    """The rows of a file that was opened with newline="". Raises UserError and ValueError."""
    if kind == "jsonl":
        for line in file:
            values = json.loads(line)
            check_columns(values, source)
            yield from_json(values)
        return
    csv.field_size_limit(sys.maxsize)
    reader = csv.DictReader(file, strict=True)
    check_columns(reader.fieldnames or (), source)
    yield from map(from_cells, reader)
