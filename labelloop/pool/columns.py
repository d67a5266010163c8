"""Shared by all file formats: the columns of a data set, how its rows are read, and which cannot be used."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError, counted

SHOWN = 3
CORRECT = "correct them"
LONGEST_NAME = 60
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as a lenient reading of a file gives them."""
SAVE_AS_UTF8 = "save the file as UTF-8 in the program that wrote it"
DAMAGE = "a NUL, half a surrogate pair or bytes that are not UTF-8, which no database stores"


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a row cannot be used, where it stands in its file, and what may help."""

    reason: str
    place: str
    remedy: str = CORRECT


def shortened(name: str) -> str:
    """A column's name as messages show it."""
    return f"{name[:LONGEST_NAME]}…" if name[LONGEST_NAME:] else name


def bad_cell(column: str, row: int, what: str, option: str) -> Bad:
    """The row is bad for a cell that holds something of another kind."""
    return Bad(f"the column {shortened(column)!r} holds {what}", f"row {row + 1}", f"choose another {option}")


def damaged_cell(column: str, row: int, value: str) -> Bad:
    """The row is bad for a text that cannot be stored."""
    remedy = SAVE_AS_UTF8 if NOT_UTF8.search(value) else CORRECT
    return Bad(f"the column {shortened(column)!r} holds {DAMAGE}", f"row {row + 1}", remedy)


def refused(source: str, bad: Mapping[int, Bad], rows: int) -> UserError:
    """The error that counts all bad rows. If no other of these `rows` is left, they cannot be left out."""
    remedies = ", ".join(dict.fromkeys(each.remedy for each in bad.values()))
    if len(bad) == rows:
        return UserError(f"{source} has no row that can be used ({_reasons(bad)}); {remedies}")
    return UserError(
        f"{source} has {counted(len(bad), 'row')} that cannot be used ({_reasons(bad)}); {remedies}, "
        "or leave them out with --skip-bad-rows"
    )


def no_rows(source: str) -> UserError:
    """The error for a data set, or a file of texts, that has a header at most."""
    return UserError(f"{source} holds no rows: give one that has some texts")


def left_out(source: str, bad: Mapping[int, Bad], what: str = "row") -> str:
    """The note that counts them when they are left out."""
    return f"{source}: {counted(len(bad), what)} left out ({_reasons(bad)})"


def _reasons(bad: Mapping[int, Bad]) -> str:
    places: dict[str, list[str]] = {}
    for row in sorted(bad):
        places.setdefault(bad[row].reason, []).append(bad[row].place)
    return "; ".join(
        f"{', '.join(where[:SHOWN])}{' …' if where[SHOWN:] else ''}: {reason}"
        for reason, where in places.items()
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are read.

    `no_header`: the first line is a row, and the names of the columns are their numbers from 1.
    `skip_bad_rows`: rows that cannot be used are left out. `encoding`: that of texts not in Unicode.
    """

    no_header: bool = False
    skip_bad_rows: bool = False
    encoding: str | None = None

    def beside(self, column: str | None) -> "Reading":
        """For a further file: it has no header only if its column is named by a number."""
        return replace(self, no_header=self.no_header and column is not None and column.isdecimal())


MISSING = r"\N"
"""A missing value in a database's dump."""
AS_USUAL = Reading()
MARK = "\ufeff"
"""The byte order mark of a file that was put behind another one, or got two."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Column names in the source's order, those with strings, and the values of a column by name.

    `named_by_first_row`: the names were taken from the file's first line, which may have been a text.
    `notes`: lines for the user about what was not read. `bad`: rows that could not be read, by their number
    from 0; their values are None.
    """

    names: Sequence[str]
    textual: Sequence[str]
    values: Callable[[str], Sequence[object]]
    named_by_first_row: bool = False
    notes: tuple[str, ...] = ()
    bad: Mapping[int, Bad] = field(default_factory=dict)


def without_columns(source: str, columns: Columns) -> UserError:
    """The error for a data set of which no column can be read."""
    if columns.bad:
        return refused(source, columns.bad, len(columns.bad))
    return no_rows(source)


def doubtful_header(source: str, name: str) -> str:
    """The note on a name that may be a text."""
    return (
        f"{source}: its first line was taken as a header, {shortened(name)!r}; if that is a text, "
        "give --no-header and another --name"
    )


def of_rows(path: Path, rows: Sequence[Sequence[Any]], reading: Reading, bad: Mapping[int, Bad]) -> Columns:
    """Columns of strings, read row by row. A missing field at a row's end is None. Raises `UserError`."""
    if reading.no_header:
        names = [str(number) for number in range(1, max(map(len, rows), default=0) + 1)]
    else:
        names = [str(name or "").replace(MARK, "").strip() for name in (rows[0] if rows else ())]
        rows = rows[1:]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise UserError(f"{path} has two columns {twice[0]!r} in its header; rename one")
    place = {name: index for index, name in reversed(list(enumerate(names)))}

    def values(name: str) -> list[object]:
        index = place[name]
        return [value if index < len(row) and (value := row[index]) != MISSING else None for row in rows]

    return Columns(names, names, values, named_by_first_row=not reading.no_header, bad=bad)


def rows_named(rows: Sequence[int]) -> str:
    """Row numbers as people count them, from 1."""
    shown = ", ".join(f"{row + 1}" for row in rows[:SHOWN])
    return f"row{'s' * (len(rows) != 1)} {shown}{' …' if rows[SHOWN:] else ''}"
