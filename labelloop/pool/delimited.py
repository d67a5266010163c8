"""Data sets in CSV (comma or semicolon) and TSV, with a header, quoted as in RFC 4180, in UTF-8."""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from labelloop.errors import UserError
from labelloop.pool.columns import Columns, open_utf8


def read(path: Path) -> Columns:
    """Every column as strings. A missing field at a row's end is None. Raises `UserError`."""
    csv.field_size_limit(sys.maxsize)
    with open_utf8(path, newline="") as file:
        reader = csv.DictReader(file, delimiter=_delimiter(path, file), strict=True)
        try:
            names = _distinct(path, reader.fieldnames or [])
            records = [_complete(path, reader.line_num, record) for record in reader]
        except csv.Error as error:
            raise UserError(
                f"{path}, the record on line {reader.line_num + 1}: {error}; put fields that "
                "hold quotes or newlines in quotes, and double the quotes inside"
            ) from error
    return Columns(names, names, lambda name: [record[name] for record in records])


def _delimiter(path: Path, file: TextIO) -> str:
    header = file.readline()
    file.seek(0)
    if path.suffix.lower() == ".tsv":
        return "\t"
    return ";" if ";" in header and "," not in header else ","


def _distinct(path: Path, names: Sequence[str]) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(f"{path} has two columns {twice[0]!r} in its header; rename one")
    return list(names)


def _complete(path: Path, line: int, record: dict[str | None, str | None]) -> dict[str | None, str | None]:
    if None in record:
        raise UserError(
            f"{path}, line {line} has more fields than the header; quote texts that contain the separator"
        )
    return record
