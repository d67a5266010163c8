"""Cells of a CSV file that a spreadsheet would run as formulas: made safe, and read back. Pure.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`; some do so after white space or what is not
seen, which they drop. Where it takes another character for the separator than the file's, a cell begins in
the middle of a text. So `'` is put before each such place. One that stands there already gets another, so
that reading takes away what was put.
"""

import re
from typing import Any

MARK = "safe_for_spreadsheets"
"""A column that says that the cells of a file are made safe."""

_UNSEEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
)
"""Spaces, controls and characters of no width, without those that begin a cell where they separate."""

_BEGINS = rf"(?=['{_UNSEEN}]*[=+\-@＝＋－＠])"
_AT_START = rf"(?=['{_UNSEEN}]*[\t\r\n])"
_PLACE = re.compile(rf"""^{_AT_START}|(^|[,;|\t\r\n"]){_BEGINS}""")
_PUT = re.compile(rf"""^'{_AT_START}|(^|[,;|\t\r\n"])'{_BEGINS}""")
_FORMULA = re.compile(rf"[{_UNSEEN}]*[=+\-@＝＋－＠\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def looks_like_formula(cell: str) -> bool:
    """Whether a spreadsheet may run the cell. A number such as -5 is none."""
    return _FORMULA.match(cell) is not None and _NUMBER.fullmatch(cell) is None


def safe(cell: str) -> str:
    """The cell as a spreadsheet shows it and does not run it. A number stays as it is."""
    return cell if _NUMBER.fullmatch(cell) else _PLACE.sub(r"\1'", cell)


def as_it_was(cell: str) -> str:
    """The cell that `safe` was given."""
    return _PUT.sub(r"\1", cell)


def rows_as_they_were(rows: list[Any]) -> list[Any]:
    """A table as it was before its cells were made safe, if its header says that they are."""
    if not rows or MARK not in rows[0]:
        return rows
    return [[as_it_was(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
