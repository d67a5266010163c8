"""What a data set's file holds, by its first bytes, and opening it as text in UTF-8."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, TextIO, cast

from labelloop.errors import UserError, one_line

TEXT, PARQUET, EXCEL = "text", "parquet", "excel"
Open = Callable[[Path], BufferedIOBase]
PACKED: dict[bytes, Open] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
PARQUET_MARK, ZIP = b"PAR1", b"PK\x03\x04"
UNREADABLE = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel file or another Office document; save it as .xlsx",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it first: zstd -d",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"SQLite format 3\0": "an SQLite database; export the table of the texts as CSV",
    b"%PDF": "a PDF; save its texts as .txt, one on each line",
}
MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
LONGEST_MARK = 16
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


def kind_of(path: Path) -> str:
    """What the file holds: `text` (packed or not), `parquet` or `excel`. Raises `UserError` for others."""
    start = _start(path, _raw)
    if (unpacked := _unpacking(start)) is not None:
        try:
            start = _start(path, unpacked)
        except (*DAMAGED, OSError) as error:
            raise _damaged(path, error) from error
        if start.startswith((PARQUET_MARK, ZIP, *UNREADABLE, *PACKED)):
            raise UserError(f"{path} holds a packed file that is no text; unpack it first")
    for mark, what in UNREADABLE.items():
        if start.startswith(mark):
            raise UserError(f"{path} is {what}")
    if start.startswith(ZIP):
        return _check_excel(path)
    return PARQUET if start.startswith(PARQUET_MARK) else TEXT


def _check_excel(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise _damaged(path, error) from error
    if not any(name.startswith("xl/") for name in names):
        raise UserError(f"{path} is a zip archive and no .xlsx; unpack it, or save its texts as CSV in UTF-8")
    return EXCEL


def suffix_of(path: Path) -> str:
    """The suffix that tells how a text is written: `.csv` for `mail.csv.gz` too."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in PACKED_SUFFIXES else suffix


def starts_as_json(path: Path) -> bool:
    return _start(path, _unpacking(_start(path, _raw)) or _raw).lstrip()[:1] in (b"{", b"[")


@contextmanager
def open_utf8(path: Path, newline: str | None, lenient: bool = False) -> Iterator[TextIO]:
    """Open a UTF-8 text, packed or not, with or without a byte order mark. Raises `UserError` for others.

    `lenient`: bytes that are not UTF-8 become halves of surrogate pairs.
    """
    unpacked = _unpacking(_start(path, _raw)) or _raw
    errors = "surrogateescape" if lenient else "strict"
    try:
        if _start(path, unpacked).startswith(tuple(MARKS)):
            raise _wrong_encoding(path, unpacked)
        with unpacked(path) as raw, TextIOWrapper(cast(IO[bytes], raw), "utf-8-sig", errors, newline) as file:
            yield file
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, unpacked) from error
    except DAMAGED as error:
        raise _damaged(path, error) from error


def _raw(path: Path) -> BufferedIOBase:
    return path.open("rb")


def _start(path: Path, unpacked: Open) -> bytes:
    with unpacked(path) as file:
        return file.read(LONGEST_MARK)


def _unpacking(start: bytes) -> Open | None:
    return next((unpacked for mark, unpacked in PACKED.items() if start.startswith(mark)), None)


class SomeLinesNotUtf8(UserError):
    """A text is in UTF-8, as other lines show, but for some of its lines."""


def _wrong_encoding(path: Path, unpacked: Open) -> UserError:
    start = _start(path, unpacked)
    known = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    if known is not None:
        return UserError(f"{path} is in {known}; convert it first: iconv -f {known} -t UTF-8 {path}")
    lines = _lines(path, unpacked)
    kind = SomeLinesNotUtf8 if lines.utf8 > lines.wrong else UserError
    return kind(
        f"{path} is not in UTF-8 ({lines.wrong:,} of {lines.all:,} lines, first line {lines.first}), and its "
        "encoding is not known; save it as UTF-8 in the program that wrote it, convert it by iconv with the "
        "encoding of that program, or leave these rows out with --skip-bad-rows"
    )


@dataclass(slots=True)
class Lines:
    """How many lines a file has, those in UTF-8 beyond ASCII, those not in UTF-8, and the first of these."""

    all: int = 0
    utf8: int = 0
    wrong: int = 0
    first: int = 1


def _lines(path: Path, unpacked: Open) -> Lines:
    lines = Lines()
    with unpacked(path) as file:
        for line in file:
            lines.all += 1
            try:
                lines.utf8 += not line.decode().isascii()
            except UnicodeDecodeError:
                lines.first = lines.first if lines.wrong else lines.all
                lines.wrong += 1
    return lines


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} cannot be unpacked ({one_line(error)}); it may be cut off, so make it again")
