"""Data sets in CSV and TSV, with a header, quoted as in RFC 4180, in UTF-8.

The separator is a comma, a semicolon, a tab or `|`.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from labelloop.errors import UserError
from labelloop.pool.columns import AS_USUAL, Columns, Reading, of_rows
from labelloop.pool.opening import open_utf8, suffix_of
from labelloop.pool.separators import NAMES, SAMPLE, separator, stated, unsplit


def read(path: Path, reading: Reading = AS_USUAL) -> Columns:
    """Every column as strings. A missing field at a row's end is None. Raises `UserError`."""
    csv.field_size_limit(sys.maxsize)
    with open_utf8(path, newline="") as file:
        delimiter, before = _separator(path, file)
        rows = _rows(path, file, delimiter, before)
        records = list(rows)
    if not reading.no_header and (mixed := unsplit(records)):
        name, each = mixed
        raise UserError(
            f"{path} has {NAMES[each]} in the name of its column {name!r}; separate all fields by the same "
            "character, put no quotes around whole lines, or rename the column"
        )
    return of_rows(path, records, reading)


def _separator(path: Path, file: TextIO) -> tuple[str, int]:
    """The separator, and how many lines were read. Leaves the file where its header begins."""
    if (given := stated(file.readline())) is not None:
        return given, 1
    file.seek(0)
    start = file.read(SAMPLE)
    file.seek(0)
    return separator(start, default="\t" if suffix_of(path) == ".tsv" else ","), 0


def _rows(path: Path, file: TextIO, delimiter: str, before: int) -> Iterator[list[str]]:
    """The rows that hold something, the header first. `before`: how many lines were read already."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    fields, last = 0, before
    try:
        for row in reader:
            fields, last = fields or len(row), before + reader.line_num
            if len(row) > fields:
                raise UserError(
                    f"{path}, line {last} has more fields than the header; "
                    "quote texts that contain the separator"
                )
            if row:
                yield row
    except csv.Error as error:
        raise UserError(
            f"{path}, the record on line {last + 1}: {error}; put fields that "
            "hold quotes or newlines in quotes, and double the quotes inside"
        ) from error
