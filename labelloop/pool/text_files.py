"""Opening a data set's text: packed or not, in UTF-8, UTF-16 or UTF-32.

UTF-16 and UTF-32 are known by a byte order mark, or without one by their zero bytes, of which a text in UTF-8
has none. Any other encoding than these can only be guessed, so somebody has to name it.
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
_LETTER = re.compile(r"[^\W\d_]")
BEYOND_ASCII = re.compile(r"[^\0-\x7f]")
WESTERN = "cp1252"
AROUND = 20


def suffix_of(path: Path) -> str:
    """The suffix that tells how a text is written: `.csv` for `mail.csv.gz` too."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in PACKED_SUFFIXES else suffix


@contextmanager
def open_text(
    path: Path, newline: str | None, lenient: bool = False, other: str | None = None
) -> Iterator[TextIO]:
    """Open a text in UTF-8, UTF-16, UTF-32, or else in the encoding `other`, packed or not.

    `lenient`: bytes that do not belong there become halves of surrogate pairs. Raises `UserError`.
    """
    unpacked = _opener(path)
    errors = "surrogateescape" if lenient else "strict"
    encoding = UTF_8
    try:
        encoding = encoding_of(start_of(path, unpacked, SAMPLE))
        if encoding != UTF_8:
            errors = "surrogatepass"
        elif other is not None and not _is_utf8(path, unpacked):
            encoding = _known_encoding(other)
        with unpacked(path) as raw, TextIOWrapper(cast(IO[bytes], raw), encoding, errors, newline) as file:
            yield file
    except UnicodeDecodeError as error:
        if encoding == UTF_8:
            raise _wrong_encoding(path, unpacked) from error
        wrong = _not_in(path, unpacked, encoding) if encoding == other else _cut(path, encoding, error)
        raise wrong from error
    except DAMAGED as error:
        raise damaged(path, error) from error


def unmarked_encoding(path: Path) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, as it is mostly written, or None."""
    start = start_of(path, _opener(path), SAMPLE)
    guessed = encoding_of(start)
    return encoding_name(guessed) if guessed in UNMARKED else None


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


def _known_encoding(encoding: str) -> str:
    try:
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        raise UserError(
            f"the --encoding {encoding!r} is not known; give a name such as cp1252, cp1251, shift_jis or gbk"
        ) from error
    return encoding


def _is_utf8(path: Path, unpacked: Open) -> bool:
    """Whether it is in UTF-8 for sure: one that is in ASCII may be in another encoding of seven bits."""
    lines = _lines(path, unpacked)
    return lines.beyond_ascii > lines.wrong


def _wrong_encoding(path: Path, unpacked: Open) -> UserError:
    lines = _lines(path, unpacked)
    kind = SomeLinesNotUtf8 if lines.beyond_ascii > lines.wrong else UserError
    look, remedies = "its encoding is not known", ["give its name, such as cp1251 or gbk, as --encoding"]
    if (excerpt := _western(lines.sample)) is not None:
        look = f"looks like {WESTERN}, in which that line has {excerpt!r}"
        remedies = [f"if that is right, give --encoding {WESTERN}"]
    remedies.append("save it as UTF-8 in the program that wrote it")
    if lines.wrong <= MOST_LEFT_OUT * lines.all:
        remedies.append("leave these rows out with --skip-bad-rows")
    return kind(
        f"{path} is not in UTF-8 ({lines.as_text}), and {look}; {', '.join(remedies[:-1])}, or {remedies[-1]}"
    )


def _western(line: bytes) -> str | None:
    """The surroundings of the first letter beyond ASCII, if the line looks like text in cp1252."""
    text = _decoded(line, WESTERN)
    match = BEYOND_ASCII.search(text) if text is not None else None
    if text is None or match is None or 2 * len(BEYOND_ASCII.findall(text)) > len(_LETTER.findall(text)):
        return None
    return text[max(0, match.start() - AROUND) : match.end() + AROUND].strip()


def _not_in(path: Path, unpacked: Open, encoding: str) -> UserError:
    lines = _lines(path, unpacked, encoding)
    return UserError(
        f"{path} is not in {encoding} ({lines.as_text}); give another --encoding, or save it as UTF-8 in the "
        "program that wrote it"
    )


def _cut(path: Path, encoding: str, error: UnicodeDecodeError) -> UserError:
    name = encoding_name(encoding)
    return UserError(
        f"{path} is in {name}, and some of it cannot be read ({error.reason}); it may be cut off, so make it "
        "again, or save it as UTF-8"
    )


@dataclass(slots=True)
class Lines:
    """How many lines a file has, those in an encoding beyond ASCII, those not in it, and the first of these.

    `sample`: the first line that is not in it.
    """

    all: int = 0
    beyond_ascii: int = 0
    wrong: int = 0
    first: int = 1
    sample: bytes = b""

    @property
    def as_text(self) -> str:
        return f"{self.wrong:,} of {self.all:,} lines, first line {self.first}"


def _lines(path: Path, unpacked: Open, encoding: str = "utf-8") -> Lines:
    lines = Lines()
    with unpacked(path) as file:
        for line in file:
            lines.all += 1
            try:
                lines.beyond_ascii += not line.decode(encoding).isascii()
            except UnicodeDecodeError:
                if not lines.wrong:
                    lines.first, lines.sample = lines.all, line
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
