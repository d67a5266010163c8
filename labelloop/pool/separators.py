"""Which character separates the fields of a text file. Pure."""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

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
