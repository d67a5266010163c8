"""Shared by all file formats: the columns of a data set, and how its rows are read."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelloop.errors import UserError


@dataclass(frozen=True, slots=True)
class Columns:
    """Column names in the source's order, those with strings, and the values of a column by name.

    `named_by_first_row`: the names were taken from the file's first line, which may have been a text.
    """

    names: Sequence[str]
    textual: Sequence[str]
    values: Callable[[str], Sequence[object]]
    named_by_first_row: bool = False


def of_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Columns:
    """Columns of a table that is read row by row. A missing field at a row's end is None."""
    names = [name.strip() for name in header]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise UserError(f"{path} has two columns {twice[0]!r} in its header; rename one")
    place = {name: index for index, name in reversed(list(enumerate(names)))}

    def values(name: str) -> list[object]:
        index = place[name]
        return [row[index] if index < len(row) else None for row in rows]

    return Columns(names, names, values)
