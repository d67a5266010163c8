"""The kinds of files that a data set may be: known by their first bytes and their suffix, and read."""

import zipfile
from codecs import BOM_UTF8
from dataclasses import replace
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool import delimited, json_text, plain
from labelloop.pool.columns import Columns, Reading
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


def read_file(path: Path, reading: Reading) -> Columns:
    """The columns of a file, read as what it holds. Raises `UserError`."""
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty; give a data set with at least two texts")
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
        from labelloop.pool import spreadsheet

        return spreadsheet.read(path, reading)
    if kind == PARQUET or suffix == ".parquet":
        from labelloop.pool import parquet

        return parquet.read(path)
    match suffix:
        case ".jsonl" | ".ndjson" | ".json":
            return json_text.read(path, reading)
        case ".csv" | ".tsv":
            return delimited.read(path, reading)
        case ".txt":
            return plain.read(path, reading)
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
