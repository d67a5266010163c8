"""Data sets in JSON Lines: one object per line, in UTF-8."""

import json
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.columns import Columns
from labelloop.pool.opening import open_utf8


def read(path: Path) -> Columns:
    """Columns in the order of first use. A missing key is None. Raises `UserError`."""
    records: list[dict[str, object]] = []
    with open_utf8(path, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                records.append(_record(path, number, line))
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [record.get(name) for record in records] for name in names}
    textual = [name for name in names if all(isinstance(value, str | None) for value in columns[name])]
    return Columns(names, textual, columns.__getitem__)


def _record(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        if number == 1 and line.lstrip().startswith("["):
            raise UserError(
                f"{path} is one JSON array; turn it into JSON Lines: jq -c '.[]' {path}"
            ) from error
        raise UserError(f"{path}, line {number} is not JSON ({error}); write one object per line") from error
    if isinstance(record, list) and number == 1:
        raise UserError(f"{path} is one JSON array; turn it into JSON Lines: jq -c '.[]' {path}")
    if not isinstance(record, dict):
        raise UserError(f'{path}, line {number} is not an object; write lines such as {{"text": "…"}}')
    return record
