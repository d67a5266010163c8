"""Data sets in Excel's .xlsx: the first sheet, with a header in its first row."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError, one_line
from labelloop.pool.columns import Columns, Reading, of_rows
from labelloop.pool.formulas import rows_as_they_were


def read(path: Path, reading: Reading) -> Columns:
    """The values of the first sheet, without empty rows. Raises `UserError`."""
    openpyxl = _openpyxl(path)
    try:
        # Given a file, it does not judge by the name.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = [sheet.title for sheet in book.worksheets]
            # Some programs write a wrong size, which would hide rows.
            book.worksheets[0].reset_dimensions()
            cells = map(_filled, book.worksheets[0].iter_rows(values_only=True))
            # Excel stores a carriage return as `_x000D_`.
            decoded = openpyxl.utils.escape.unescape
            rows = [
                tuple(decoded(cell) if isinstance(cell, str) else cell for cell in row)
                for row in cells
                if row
            ]
    # What it raises has no common base.
    except Exception as error:
        raise UserError(
            f"{path} cannot be read as .xlsx ({one_line(error)}); save it again, or as CSV in UTF-8"
        ) from error
    columns = of_rows(path, rows_as_they_were(rows), reading, {})
    textual = [name for name in columns.names if _has_texts(columns.values(name))]
    others = f"{path}: of its {len(sheets)} sheets, only the first, {sheets[0]!r}, is read"
    return replace(columns, textual=textual, notes=(others,) if sheets[1:] else ())


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl  # type: ignore[import-untyped]
        import openpyxl.utils.escape  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserError(
            f"{path} is an Excel file, which needs the package openpyxl; install it: "
            "pip install 'labelloop[excel]', or save the file as CSV in UTF-8"
        ) from error
    return openpyxl


def _filled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return row[:end]


def _has_texts(values: Any) -> bool:
    return all(isinstance(value, str | None) for value in values)
