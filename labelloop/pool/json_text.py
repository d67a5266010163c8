"""Data sets in JSON: JSON Lines, one array of objects or of texts, or what pandas' `to_json` writes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.pool.columns import MARK, Bad, Columns, Reading
from labelloop.pool.text_files import open_text

TEXT = "text"
NO_JSON = object()
ONE_PER_LINE = "write one object per line"
OTHER_KIND = f"{ONE_PER_LINE}, or name the file by what it holds"
Record = Mapping[str, object]


def read(path: Path, reading: Reading) -> Columns:
    """Columns in the order of first use. A missing key is None. Raises `UserError`."""
    records = _whole(path, reading)
    return _columns(*_lines(path, reading)) if records is None else _columns(records, {})


def starts_json(line: str) -> bool:
    """Whether a file's first line is an object or an array, or begins one."""
    return line.strip() in ("[", "{") or isinstance(_value(line), dict | list)


def _columns(records: Sequence[Record], bad: Mapping[int, Bad]) -> Columns:
    names = list(dict.fromkeys(name for record in records for name in record))
    textual = [name for name in names if all(isinstance(record.get(name), str | None) for record in records)]
    return Columns(names, textual, lambda name: [record.get(name) for record in records], bad=bad)


def _lines(path: Path, reading: Reading) -> tuple[list[Record], dict[int, Bad]]:
    records: list[Record] = []
    bad: dict[int, Bad] = {}
    with open_text(path, newline=None, lenient=reading.skip_bad_rows, other=reading.encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = _value(line)
            if not isinstance(record, dict):
                bad[len(records)] = Bad(
                    f"no JSON{' object' * (record is not NO_JSON)}", f"line {number}", ONE_PER_LINE
                )
            records.append(record if isinstance(record, dict) else {})
    if len(bad) == len(records):
        bad = {row: replace(each, remedy=OTHER_KIND) for row, each in bad.items()}
    return records, bad


def _value(line: str) -> Any:
    try:
        return json.loads(line.removeprefix(MARK))
    except (ValueError, RecursionError):
        return NO_JSON


def _whole(path: Path, reading: Reading) -> list[Record] | None:
    """The records of a file that is one JSON value, or None if it has one object per line."""
    with open_text(path, newline=None, lenient=reading.skip_bad_rows, other=reading.encoding) as file:
        first = next((line for line in file if line.strip()), "")
        more = any(line.strip() for line in file)
        if isinstance(_value(first), dict) and more:
            return None
        file.seek(0)
        try:
            value = json.load(file)
        except (ValueError, RecursionError) as error:
            if first.lstrip().startswith("["):
                raise UserError(f"{path} is not one JSON array ({error}); write it again") from error
            return None
    return _records(path, value)


def _records(path: Path, value: Any) -> list[Record] | None:
    if isinstance(value, list):
        return _array(path, value)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("data"), list) and value.keys() <= {"data", "columns", "index", "schema"}:
        return _split(path, value)
    if value and all(isinstance(column, dict) for column in value.values()):
        return _by_label(value)
    return None


def _array(path: Path, values: list[Any]) -> list[Record]:
    if all(isinstance(value, str) for value in values):
        return [{TEXT: value} for value in values]
    if not all(isinstance(value, dict) for value in values):
        raise UserError(f'{path} is a JSON array of other things than objects; write [{{"text": "…"}}, …]')
    return values


def _split(path: Path, value: dict[str, Any]) -> list[Record]:
    """pandas' orients `split` and `table`."""
    columns = value.get("columns")
    if columns is None:
        return _array(path, value["data"])
    return [dict(zip(map(str, columns), row, strict=False)) for row in value["data"]]


def _by_label(value: dict[str, dict[str, object]]) -> list[Record]:
    """pandas' orients `columns` and `index`: rows by their names in each column, or columns in each row."""
    inner = next(iter(value.values()))
    if all(map(str.isdecimal, value)) and not all(map(str.isdecimal, inner)):
        return list(value.values())
    rows = dict.fromkeys(row for column in value.values() for row in column)
    return [{name: column.get(row) for name, column in value.items()} for row in rows]
