"""Open a data set's file as text in UTF-8."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from labelloop.errors import UserError


@contextmanager
def open_utf8(path: Path, newline: str) -> Iterator[TextIO]:
    """Open a UTF-8 text file, with or without a byte order mark. Raises `UserError` for other encodings."""
    try:
        with path.open(encoding="utf-8-sig", newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        guess = "UTF-16" if _starts_with_utf16_mark(path) else "WINDOWS-1252"
        raise UserError(
            f"{path} is not in UTF-8; convert it first, for example with: iconv -f {guess} -t UTF-8 {path}"
        ) from error


def _starts_with_utf16_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in (b"\xff\xfe", b"\xfe\xff")
