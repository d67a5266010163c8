"""Opening text files that users bring."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from labelloop.errors import UserError


@contextmanager
def open_utf8(path: Path, newline: str) -> Iterator[TextIO]:
    """A text file in UTF-8, with or without a byte order mark; another encoding is a `UserError`."""
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
