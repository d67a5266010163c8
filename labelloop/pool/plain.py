"""Data sets in plain text: one text on each line, in UTF-8."""

import json
from collections.abc import Sequence
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.columns import Columns, Reading
from labelloop.pool.separators import SEPARATORS
from labelloop.pool.text_files import open_text

TEXT = "text"
COLUMN_NAMES = frozenset({"text", "label", "id"})


def read(path: Path, reading: Reading) -> Columns:
    """One column, `text`. Row n is line n. Raises `UserError` for what is a table or JSON."""
    with open_text(path, newline=None, lenient=reading.skip_bad_rows, other=reading.encoding) as file:
        lines = [line.removesuffix("\n") for line in file]
    if lines and (suffix := _other_suffix(lines)):
        raise UserError(
            f"{path} has several fields on each line, but a line of .txt is one text; name it {suffix}"
        )
    return Columns([TEXT], [TEXT], {TEXT: lines}.__getitem__)


def _other_suffix(lines: Sequence[str]) -> str | None:
    tabs = lines[0].count("\t")
    if tabs and all(line.count("\t") == tabs for line in lines if line):
        return ".tsv"
    if any(len(cells := _cells(lines[0], each)) > 1 and COLUMN_NAMES & cells for each in SEPARATORS):
        return ".csv"
    return ".jsonl" if _is_json(lines[0]) else None


def _cells(line: str, separator: str) -> set[str]:
    return {cell.strip().strip('"').lower() for cell in line.split(separator)}


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
