"""The kinds of files that a data set may be: known by their first bytes and their suffix, and read."""

import json
import zipfile
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from labelloop.errors import UserError, one_line
from labelloop.pool import delimited, json_text
from labelloop.pool.columns import Columns, Reading, of_rows
from labelloop.pool.delimited import SEPARATORS
from labelloop.pool.formulas import rows_as_they_were
from labelloop.pool.text_files import (
    DAMAGED,
    LONGEST_MARK,
    PACKED,
    SomeLinesNotUtf8,
    damaged,
    open_text,
    raw_file,
    start_of,
    suffix_of,
    unmarked_encoding,
    unpacking,
)

KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".parquet", ".xlsx")
TEXT, PARQUET, EXCEL = "text", "parquet", "excel"
PLAIN = ".txt"
PARQUET_MARK, ZIP = b"PAR1", b"PK\x03\x04"
UNREADABLE = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel file or another Office document; save it as .xlsx",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it first: zstd -d",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"SQLite format 3\0": "an SQLite database; export the table of the texts as CSV",
    b"%PDF": "a PDF; save its texts as .txt, one on each line",
    b"version https://git-lfs.": "a pointer of Git LFS in place of the file; fetch the file: git lfs pull",
    bytes(16): "full of zero bytes, so it is damaged; copy it again",
}
PAGES = (b"<!doctype html", b"<html", b"<?xml")
"""Starts of web pages and XML, in lower case. In plain text, they may be a text."""
COLUMN = "text"
"""The only one of plain text."""
COLUMN_NAMES = frozenset({"text", "label", "id"})


def read_file(path: Path, reading: Reading) -> Columns:
    """The columns of a file, read as what it holds. Raises `UserError`."""
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty: give one that has some texts")
        kind = _kind(path)
        try:
            columns = _of_kind(kind, path, reading)
        except SomeLinesNotUtf8:
            columns = _of_kind(kind, path, replace(reading, skip_bad_rows=True))
        if kind == TEXT and (encoding := unmarked_encoding(path)) is not None:
            columns = replace(columns, notes=(f"{path}: read as {encoding}", *columns.notes))
        return columns
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}; check its permissions") from error


def _of_kind(kind: str, path: Path, reading: Reading) -> Columns:
    """Read a file by what it holds, whatever its suffix; a text is read by its suffix."""
    suffix = suffix_of(path)
    if kind == EXCEL:
        return _spreadsheet(path, reading)
    if kind == PARQUET or suffix == ".parquet":
        return _parquet(path)
    match suffix:
        case ".jsonl" | ".ndjson" | ".json":
            return json_text.read(path, reading)
        case ".csv" | ".tsv":
            return delimited.read(path, reading)
        case ".txt":
            return _plain(path, reading)
    if suffix == "" and _starts_as_json(path):
        return json_text.read(path, reading)
    others = ", ".join(each for each in KINDS if each != suffix)
    raise UserError(f"the format of {path} is unknown; give it the suffix of what it holds: {others}")


def _starts_as_json(path: Path) -> bool:
    with open_text(path, newline=None, lenient=True) as file:
        return file.read(LONGEST_MARK).lstrip()[:1] in ("{", "[")


def _kind(path: Path) -> str:
    """What the file holds: `text` (packed or not), `parquet` or `excel`. Raises `UserError` for others."""
    start = start_of(path, raw_file)
    if (unpacked := unpacking(start)) is not None:
        try:
            start = start_of(path, unpacked)
        except (*DAMAGED, OSError) as error:
            raise damaged(path, error) from error
        if start.startswith((PARQUET_MARK, ZIP, *UNREADABLE, *PACKED)):
            raise UserError(f"{path} holds a packed file that is no text; unpack it first")
    for mark, what in UNREADABLE.items():
        if start.startswith(mark):
            raise UserError(f"{path} is {what}")
    if suffix_of(path) != PLAIN and start.removeprefix(BOM_UTF8).lstrip().lower().startswith(PAGES):
        raise UserError(
            f"{path} is a web page or XML and no table; download the file itself, or save its texts as CSV"
        )
    if start.startswith(ZIP):
        return _check_excel(path)
    return PARQUET if start.startswith(PARQUET_MARK) else TEXT


def _check_excel(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise damaged(path, error) from error
    if not any(name.startswith("xl/") for name in names):
        raise UserError(f"{path} is a zip archive and no .xlsx; unpack it, or save its texts as CSV in UTF-8")
    return EXCEL


def _plain(path: Path, reading: Reading) -> Columns:
    """One column, `text`. Row n is line n. Raises `UserError` for what is a table or JSON."""
    with open_text(path, newline=None, lenient=reading.skip_bad_rows, other=reading.encoding) as file:
        lines = [line.removesuffix("\n") for line in file]
    if lines and (suffix := _other_suffix(lines)):
        raise UserError(
            f"{path} has several fields on each line, but a line of .txt is one text; name it {suffix}"
        )
    return Columns([COLUMN], [COLUMN], {COLUMN: lines}.__getitem__)


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


def _spreadsheet(path: Path, reading: Reading) -> Columns:
    """The values of the first sheet, without empty rows. Raises `UserError`."""
    openpyxl = _openpyxl(path)
    try:
        # Given a file, it does not judge by the name.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = [sheet.title for sheet in book.worksheets]
            # Some programs write a wrong size, which would hide rows.
            book.worksheets[0].reset_dimensions()
            cells = map(_filled, book.worksheets[0].iter_rows(values_only=True))
            # Excel stores a carriage return as `_x000D_`.
            decoded = openpyxl.utils.escape.unescape
            rows = [
                tuple(decoded(cell) if isinstance(cell, str) else cell for cell in row)
                for row in cells
                if row
            ]
    # What it raises has no common base.
    except Exception as error:
        raise UserError(
            f"{path} cannot be read as .xlsx ({one_line(error)}); save it again, or as CSV in UTF-8"
        ) from error
    columns = of_rows(path, rows_as_they_were(rows), reading, {})
    textual = [name for name in columns.names if _has_texts(columns.values(name))]
    others = f"{path}: of its {len(sheets)} sheets, only the first, {sheets[0]!r}, is read"
    return replace(columns, textual=textual, notes=(others,) if sheets[1:] else ())


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl  # type: ignore[import-untyped]
        import openpyxl.utils.escape  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserError(
            f"{path} is an Excel file, which needs the package openpyxl; install it: "
            "pip install 'labelloop[excel]', or save the file as CSV in UTF-8"
        ) from error
    return openpyxl


def _filled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def _has_texts(values: Any) -> bool:
    return all(isinstance(value, str | None) for value in values)


def _parquet(path: Path) -> Columns:
    """Columns by name. Each is read when it is needed. Raises `UserError`."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        schema: pa.Schema = pq.read_schema(path)
    except pa.ArrowException as error:
        raise _unreadable(path, error) from error

    def values(name: str) -> Sequence[object]:
        try:
            column: list[object] = pq.read_table(path, columns=[name]).column(name).to_pylist()
        except pa.ArrowException as error:
            raise _unreadable(path, error) from error
        return column

    return Columns(schema.names, [field.name for field in schema if _is_string(field.type)], values)


def _is_string(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value)
    )


def _unreadable(path: Path, error: pa.ArrowException) -> UserError:
    return UserError(
        f"{path} is not a readable Parquet file ({' '.join(str(error).split())}); write it again"
    )
