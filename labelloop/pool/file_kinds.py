"""What a data set's file holds, by its first bytes, and opening it as text."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, TextIO, cast

from labelloop.errors import UserError, one_line
from labelloop.pool import encodings

TEXT, PARQUET, EXCEL = "text", "parquet", "excel"
Open = Callable[[Path], BufferedIOBase]
PACKED: dict[bytes, Open] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
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
LONGEST_MARK = 32
MOST_LEFT_OUT = 0.25
"""Where a larger share of lines is not in UTF-8, the file is in another encoding."""
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
        raise _damaged(path, error) from error
    if not any(name.startswith("xl/") for name in names):
        raise UserError(f"{path} is a zip archive and no .xlsx; unpack it, or save its texts as CSV in UTF-8")
    return EXCEL


def suffix_of(path: Path) -> str:
    """The suffix that tells how a text is written: `.csv` for `mail.csv.gz` too."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in PACKED_SUFFIXES else suffix


def starts_as_json(path: Path) -> bool:
    with open_text(path, newline=None, lenient=True) as file:
        return file.read(LONGEST_MARK).lstrip()[:1] in ("{", "[")


@contextmanager
def open_text(path: Path, newline: str | None, lenient: bool = False) -> Iterator[TextIO]:
    """Open a text in UTF-8, UTF-16 or UTF-32, packed or not. Raises `UserError` for other encodings.

    `lenient`: bytes that are not UTF-8 become halves of surrogate pairs.
    """
    unpacked = _opener(path)
    errors = "surrogateescape" if lenient else "strict"
    encoding = encodings.UTF_8
    try:
        encoding = encodings.encoding_of(_start(path, unpacked, encodings.SAMPLE))
        if encoding != encodings.UTF_8:
            errors = "surrogatepass"
        with unpacked(path) as raw, TextIOWrapper(cast(IO[bytes], raw), encoding, errors, newline) as file:
            yield file
    except UnicodeDecodeError as error:
        if encoding != encodings.UTF_8:
            raise _cut(path, encoding, error) from error
        raise _wrong_encoding(path, unpacked) from error
    except DAMAGED as error:
        raise _damaged(path, error) from error


def unmarked_encoding(path: Path) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, as it is mostly written, or None."""
    start = _start(path, _opener(path), encodings.SAMPLE)
    found = encodings.encoding_of(start)
    return encodings.shown(found) if found in encodings.UNMARKED else None


def _raw(path: Path) -> BufferedIOBase:
    return path.open("rb")


def _start(path: Path, unpacked: Open, size: int = LONGEST_MARK) -> bytes:
    with unpacked(path) as file:
        return file.read(size)


def _opener(path: Path) -> Open:
    """What opens the file, unpacked if it is packed."""
    return _unpacking(_start(path, _raw)) or _raw


def _unpacking(start: bytes) -> Open | None:
    return next((unpacked for mark, unpacked in PACKED.items() if start.startswith(mark)), None)


class SomeLinesNotUtf8(UserError):
    """A text is in UTF-8, as other lines show, but for some of its lines."""


def _wrong_encoding(path: Path, unpacked: Open) -> UserError:
    lines = _lines(path, unpacked)
    kind = SomeLinesNotUtf8 if lines.utf8 > lines.wrong else UserError
    remedies = [
        "save it as UTF-8 in the program that wrote it",
        "convert it by iconv with the encoding of that program",
    ]
    if lines.wrong <= MOST_LEFT_OUT * lines.all:
        remedies.append("leave these rows out with --skip-bad-rows")
    return kind(
        f"{path} is not in UTF-8 ({lines.wrong:,} of {lines.all:,} lines, first line {lines.first}), and its "
        f"encoding is not known; {', '.join(remedies[:-1])}, or {remedies[-1]}"
    )


def _cut(path: Path, encoding: str, error: UnicodeDecodeError) -> UserError:
    name = encodings.shown(encoding)
    return UserError(
        f"{path} is in {name}, and some of it cannot be read ({error.reason}); it may be cut off, so make it "
        "again, or save it as UTF-8"
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
