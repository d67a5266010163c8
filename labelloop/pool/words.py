"""How labels are written, and how messages name rows, columns and labels. Pure."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

SHOWN = 3
WHOLE = re.compile(r"([+-]?\d+)\.0+")


def whole(number: str) -> str:
    """A whole number without decimals: a column of numbers has them as soon as one is missing."""
    match = WHOLE.fullmatch(number)
    return match[1] if match else number


@lru_cache(maxsize=4096)
def label_name(label: str) -> str:
    """A label as a project has it: in NFC, without surrounding space, a whole number without decimals."""
    return whole(unicodedata.normalize("NFC", label.strip()))


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, so that spaces and commas in them are seen."""
    return ", ".join(map(repr, names))


def as_csv(names: Iterable[str]) -> str:
    """Names as `--labels` takes them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def rows_named(rows: Sequence[int]) -> str:
    """Row numbers as people count them, from 1."""
    shown = ", ".join(f"{row + 1}" for row in rows[:SHOWN])
    return f"row{'s' * (len(rows) != 1)} {shown}{' …' if rows[SHOWN:] else ''}"
