"""Data sets in CSV and TSV, with a header, quoted as in RFC 4180 or as databases dump them, in UTF-8.

The separator is a comma, a semicolon, a tab or `|`. In a dump, a backslash stands before each quote,
newline, separator and backslash of a text. `\\N` is a missing value. Where the header is one name, and the
separator makes rows of uneven width, it is part of the texts.
"""

import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from labelloop.errors import UserError
from labelloop.pool.columns import AS_USUAL, MARK, Bad, Columns, Reading, of_rows
from labelloop.pool.formulas import rows_as_they_were
from labelloop.pool.json_text import starts_json
from labelloop.pool.text_files import open_text, suffix_of

if TYPE_CHECKING:
    from _csv import Reader

SPACED = re.compile(r' +".*"', re.DOTALL)
NAME_ALL = "name all columns in the header"
NO_SEPARATOR = "\x1f"
MANY = "more fields than the header"
UNCLOSED = "unexpected end of data"
"""What the csv module says if a quote is not closed: the rest of the file is in one field."""
QUOTE = "quote texts that contain the separator, a quote or a newline, and double the quotes inside"
SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a |"}
SAMPLE = 1 << 18
MOST_RECORDS = 200
STATED = re.compile(r'"?sep=([^\w"\r\n])"?\r?\n?', re.IGNORECASE)
"""The line that a spreadsheet reads as the separator, and not as data."""


def stated(line: str) -> str | None:
    """The separator that a first line such as `sep=;` states."""
    match = STATED.fullmatch(line)
    return match[1] if match else None


def separator(start: str, default: str = ",") -> str:
    """The separator that splits the first line, and most lines of the file's start into as many fields."""
    fits = {each: _fit(start, each) for each in dict.fromkeys((default, *SEPARATORS))}
    best = max(fits, key=lambda each: fits[each])
    return best if fits[best] > NO_FIT else default


NO_FIT = (0.0, 0)


def _fit(start: str, each: str) -> tuple[float, int]:
    """The share of records with as many fields as the first, and how many these are."""
    records = _records(start, each)
    fields = len(records[0]) if records else 0
    if fields < 2:
        return NO_FIT
    return sum(len(record) == fields for record in records) / len(records), fields


def _records(start: str, each: str) -> list[list[str]]:
    whole = start if len(start) < SAMPLE else start[: start.rfind("\n") + 1] or start
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=each)
    return list(islice(filter(None, reader), MOST_RECORDS))


def unsplit(records: Sequence[Sequence[str]], is_stated: bool = False) -> tuple[str, str] | None:
    """A column in the first record whose name holds a separator, as its values do, and that separator.

    A file's only column needs no values for that, and a tab or | in a name is always one. Of an only column,
    another character may be the separator too, if it stands between texts in the name and in most values.
    `is_stated`: a first line states the separator, so that it has separated several columns, and what stands
    in the name of an only one is part of it unless it stands in a value too.
    """
    header, sample = (records or [()])[0], records[1:MOST_RECORDS]
    if is_stated and len(header) > 1:
        return None
    for index, name in enumerate(header):
        for each in SEPARATORS:
            count = name.count(each)
            is_mark = (len(header) == 1 or each in "\t|") and (not is_stated or _in_any(each, sample))
            if count and (is_mark or _alike(index, each, count, sample)):
                return name, each
    if len(header) == 1:
        for each in dict.fromkeys(re.findall(r"[^\w\s\"']", header[0])):
            if _alike(0, each, header[0].count(each), sample) and _between(each, header[0], sample):
                return header[0], each
    return None


def _in_any(each: str, records: Sequence[Sequence[str]]) -> bool:
    return any(each in value for record in records for value in record)


def _alike(index: int, each: str, count: int, records: Sequence[Sequence[str]]) -> bool:
    values = [record[index] for record in records if index < len(record)]
    return bool(values) and all(value.count(each) == count for value in values)


def _between(each: str, name: str, records: Sequence[Sequence[str]]) -> bool:
    """Whether the character stands between texts, and does not end them as a full stop does."""
    split = [all(map(str.strip, record[0].split(each))) for record in records if record]
    return all(map(str.strip, name.split(each))) and sum(split) > len(split) / 2


@dataclass(slots=True)
class Parsed:
    """The rows that hold something, the header first. Bad ones are empty; `bad` tells why, by their index.

    `short`: how many have fewer fields than the header. `widths`: how many fields the others than the header
    have. `end`: why reading ended before the file did.
    """

    rows: list[list[str]] = field(default_factory=list)
    bad: dict[int, Bad] = field(default_factory=dict)
    short: int = 0
    widths: set[int] = field(default_factory=set)
    end: str | None = None

    @property
    def badness(self) -> tuple[bool, int]:
        return self.end is not None, len(self.bad) + self.short


def read(path: Path, reading: Reading = AS_USUAL) -> Columns:
    """Every column as strings. A missing field at a row's end is None. Raises `UserError`."""
    csv.field_size_limit(sys.maxsize)
    with open_text(path, newline="", lenient=reading.skip_bad_rows, other=reading.encoding) as file:
        if starts_json(file.readline()):
            raise UserError(f"{path} holds JSON; name it .json, or .jsonl if each line is an object")
        file.seek(0)
        delimiter, before = _separator(path, file)
        parsed = _parse(csv.reader(file, delimiter=delimiter, strict=True), before)
        if any(parsed.badness):
            file.seek(0)
            parsed = min(parsed, _dumped(file, delimiter, before) or parsed, key=lambda each: each.badness)
        if _spaced(parsed):
            file.seek(0)
            lines = islice(file, before, None)
            reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
            parsed = min(_parse(reader, before), parsed, key=lambda each: each.badness)
        notes = []
        if len(parsed.widths) > 1 and len(parsed.rows[0]) == 1:
            file.seek(0)
            whole = _parse(
                csv.reader(islice(file, before, None), delimiter=NO_SEPARATOR, strict=True), before
            )
            if whole.badness < parsed.badness:
                mark = NAMES.get(delimiter, delimiter)
                notes = [f"{path}: of its one column, {_rows(len(parsed.bad))} {mark} without quotes"]
                parsed = whole
    if parsed.end is not None:
        raise UserError(f"{path}, {parsed.end}; {QUOTE}")
    parsed.rows = rows_as_they_were(parsed.rows)
    if not reading.no_header and (mixed := unsplit(parsed.rows, is_stated=before > 0)):
        raise _unsplit(path, *mixed)
    if not reading.no_header:
        _judge_by_header(parsed)
    header = 0 if reading.no_header else 1
    bad = {index - header: each for index, each in parsed.bad.items()}
    if reading.no_header and parsed.short:
        notes.append(f"{path}: {_rows(parsed.short)} fewer fields than the first")
    return replace(of_rows(path, parsed.rows, reading, bad), notes=tuple(notes))


def _spaced(parsed: Parsed) -> bool:
    """Whether there may be spaces before the quotes that begin fields, as in `"a", "b"`."""
    sample = list(filter(None, parsed.rows[1:MOST_RECORDS]))
    spaced = sum(any(map(SPACED.fullmatch, row)) for row in sample)
    return 2 * max(spaced, len(parsed.bad)) > len(sample)


def _judge_by_header(parsed: Parsed) -> None:
    """A row that is the header again is bad. If all have more fields than the header, it lacks names."""
    header, rows = (parsed.rows or [[]])[0], parsed.rows[1:]
    if rows and {bad.reason for bad in parsed.bad.values()} == {MANY} and len(parsed.bad) == len(rows):
        parsed.bad = {index: replace(bad, remedy=NAME_ALL) for index, bad in parsed.bad.items()}
    if len(header) > 1:
        for index, row in enumerate(rows, start=1):
            if row[-1:] == header[-1:] and list(map(_unmarked, row)) == list(map(_unmarked, header)):
                parsed.bad[index] = Bad("the header again", f"row {index}", "take it out")


def _unmarked(cell: str) -> str:
    return cell.replace(MARK, "")


def _unsplit(path: Path, name: str, each: str) -> UserError:
    if each in NAMES:
        return UserError(
            f"{path} has {NAMES[each]} in the name of its column {name!r}; separate all fields by the same "
            "character, put no quotes around whole lines, rename the column, or, if it is a text, give "
            "--no-header"
        )
    stating = f"put a first line sep={each} before the header"
    remedy = stating if each.isprintable() else "put tabs in its place"
    return UserError(
        f"{path} has {each!r} in the name of its only column, {name!r}, and as often in each row; if it "
        f"separates fields, {remedy}, otherwise rename the column"
    )


def _separator(path: Path, file: TextIO) -> tuple[str, int]:
    """The separator, and how many lines were read. Leaves the file where its header begins."""
    if (stated_separator := stated(file.readline())) is not None:
        return stated_separator, 1
    file.seek(0)
    start = file.read(SAMPLE)
    file.seek(0)
    return separator(start, default="\t" if suffix_of(path) == ".tsv" else ","), 0


def _dumped(file: TextIO, delimiter: str, before: int) -> Parsed | None:
    """The rows if a backslash escapes what separates. None of a file without any such."""
    escape = re.compile(rf'\\["\r\n{re.escape(delimiter)}]')
    if not any(map(escape.search, file)):
        return None
    file.seek(0)
    other = re.compile(rf'\\([^"\\\r\n{re.escape(delimiter)}])|\\.')
    lines = (other.sub(_backslash_kept, line) for line in islice(file, before, None))
    return _parse(csv.reader(lines, delimiter=delimiter, escapechar="\\", strict=True), before)


def _backslash_kept(escape: "re.Match[str]") -> str:
    """Before another character, as in C:\\temp, a backslash stands for itself."""
    return escape[0] if escape[1] is None else rf"\\{escape[1]}"


def _parse(reader: "Reader", before: int) -> Parsed:
    """`before`: how many lines were read already."""
    parsed = Parsed()
    fields, last = 0, before
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            place = _lines(last + 1, before + reader.line_num)
            if str(error) == UNCLOSED or not parsed.rows:
                parsed.end = f"{place}: {error}"
                return parsed
            parsed.bad[len(parsed.rows)] = Bad(str(error), place, QUOTE)
            parsed.rows.append([])
        else:
            if row is None:
                return parsed
            if fields and row:
                parsed.widths.add(len(row))
            fields = fields or len(row)
            while len(row) > fields > 1 and not row[-1]:
                row.pop()
            if len(row) > fields:
                place = _lines(last + 1, before + reader.line_num)
                parsed.bad[len(parsed.rows)] = Bad(MANY, place, QUOTE)
                row.clear()
                parsed.rows.append(row)
            elif row:
                parsed.short += len(row) < fields
                parsed.rows.append(row)
        last = before + reader.line_num


def _rows(count: int) -> str:
    return f"{count:,} row{'s have' if count > 1 else ' has'}"


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"
