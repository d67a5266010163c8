"""Opening a data set's text: packed or not, in UTF-8, UTF-16 or UTF-32.

UTF-16 and UTF-32 are known by a byte order mark, or without one by their zero bytes, of which a text in UTF-8
has none. Any other encoding than these can only be guessed, so it is not known.
"""

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, TextIO, cast

from labelloop.errors import UserError, one_line

Open = Callable[[Path], BufferedIOBase]
PACKED: dict[bytes, Open] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
LONGEST_MARK = 32
MOST_LEFT_OUT = 0.25
"""Where a larger share of lines is not in UTF-8, the file is in another encoding."""
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
UTF_8 = "utf-8-sig"
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
SAMPLE = 1 << 16
MOST_ZEROS = 0.2
"""Above this share of zero bytes, damage to a text in UTF-8 does not explain them."""
MOST_CONTROLS = 0.01
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_ASCII = re.compile("[ -~]")


def suffix_of(path: Path) -> str:
    """The suffix that tells how a text is written: `.csv` for `mail.csv.gz` too."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in PACKED_SUFFIXES else suffix


@contextmanager
def open_text(path: Path, newline: str | None, lenient: bool = False) -> Iterator[TextIO]:
    """Open a text in UTF-8, UTF-16 or UTF-32, packed or not. Raises `UserError` for other encodings.

    `lenient`: bytes that are not UTF-8 become halves of surrogate pairs.
    """
    unpacked = _opener(path)
    errors = "surrogateescape" if lenient else "strict"
    encoding = UTF_8
    try:
        encoding = encoding_of(start_of(path, unpacked, SAMPLE))
        if encoding != UTF_8:
            errors = "surrogatepass"
        with unpacked(path) as raw, TextIOWrapper(cast(IO[bytes], raw), encoding, errors, newline) as file:
            yield file
    except UnicodeDecodeError as error:
        if encoding != UTF_8:
            raise _cut(path, encoding, error) from error
        raise _wrong_encoding(path, unpacked) from error
    except DAMAGED as error:
        raise damaged(path, error) from error


def unmarked_encoding(path: Path) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, as it is mostly written, or None."""
    start = start_of(path, _opener(path), SAMPLE)
    found = encoding_of(start)
    return encoding_name(found) if found in UNMARKED else None


def raw_file(path: Path) -> BufferedIOBase:
    """The file, not unpacked."""
    return path.open("rb")


def start_of(path: Path, unpacked: Open, size: int = LONGEST_MARK) -> bytes:
    """The first bytes of a file."""
    with unpacked(path) as file:
        return file.read(size)


def _opener(path: Path) -> Open:
    """What opens the file, unpacked if it is packed."""
    return unpacking(start_of(path, raw_file)) or raw_file


def unpacking(start: bytes) -> Open | None:
    """What unpacks a file that starts with these bytes, or None if it is not packed."""
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
    name = encoding_name(encoding)
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


def damaged(path: Path, error: Exception) -> UserError:
    """The error for a packed file that cannot be unpacked."""
    return UserError(f"{path} cannot be unpacked ({one_line(error)}); it may be cut off, so make it again")


def encoding_of(start: bytes) -> str:
    """The encoding of a text that starts with these bytes, as Python names it; UTF-8 if no other is known."""
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    return marked or _unmarked(start) or UTF_8


def _unmarked(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, in the order of its bytes, or None.

    In the wrong order, and where zero bytes are damage, line breaks are other characters.
    """
    if b"\0" not in start or _is_utf8_with_zeros(start):
        return None
    decoded = {encoding: text for encoding in UNMARKED if (text := _decoded(start, encoding))}
    texts = {encoding: text for encoding, text in decoded.items() if _may_be_meant(text, start)}
    return max(texts, key=lambda encoding: len(_ASCII.findall(texts[encoding])), default=None)


def encoding_name(encoding: str) -> str:
    """The encoding as it is mostly written: `UTF-16LE`."""
    return encoding.upper().replace("-LE", "LE").replace("-BE", "BE")


def _is_utf8_with_zeros(start: bytes) -> bool:
    text = _decoded(start.replace(b"\0", b""), "utf-8")
    few = start.count(b"\0") <= MOST_ZEROS * len(start)
    return few and text is not None and _controls(text) <= MOST_CONTROLS


def _may_be_meant(text: str, start: bytes) -> bool:
    return _controls(text) <= MOST_CONTROLS and 2 * text.count("\n") >= start.count(b"\n")


def _decoded(start: bytes, encoding: str) -> str | None:
    """What the bytes mean, but for a character that a sample cuts off at its end."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start, final=len(start) < SAMPLE)
    except UnicodeDecodeError:
        return None


def _controls(text: str) -> float:
    return len(_CONTROL.findall(text)) / max(1, len(text))
