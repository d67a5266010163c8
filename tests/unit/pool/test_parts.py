"""A file in parts: the rows of the whole, each once, in their order; or else it is told to read the whole."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from labelloop.pool import parts as module
from labelloop.pool.columns import Reading
from labelloop.pool.parts import FileColumns, NotInParts, is_large, parts
from labelloop.pool.sources import SourceTable

HARD = 'said "no",\nthen "yes"; = 1 – ünïcode'
ROWS = [{"id": str(number), "body": f"{HARD} {number}", "label": "x"} for number in range(200)]
WANTED = FileColumns(("body",))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows."""
    monkeypatch.setattr(module, "LARGE", 1000)
    monkeypatch.setattr(module, "ROWS", 30)


def csv_of(rows: Iterable[dict[str, Any]], separator: str = ",") -> str:
    quoted = (separator.join('"' + value.replace('"', '""') + '"' for value in row.values()) for row in rows)
    return "\n".join([separator.join(ROWS[0]), *quoted, ""])


def joined(tables: Iterable[SourceTable]) -> tuple[list[dict[str, str | None]], int]:
    """All rows, and in how many parts they came."""
    found, every = [], list(tables)
    for table in every:
        for row, text in enumerate(table.texts):
            own = {name: values[row] for name, values in table.kept_columns.items()}
            found.append({"body": text, **own})
    return found, len(every)


def expected() -> list[dict[str, str | None]]:
    return [{"body": row["body"], "id": row["id"], "label": row["label"]} for row in ROWS]


def written(folder: Path, kind: str) -> Path:
    file = folder / f"mail.{kind}"
    match kind:
        case "csv":
            file.write_text(csv_of(ROWS), encoding="utf-8")
        case "tsv":
            file.write_text(csv_of(ROWS, "\t"), encoding="utf-16")
        case "csv.gz":
            file.write_bytes(gzip.compress(csv_of(ROWS, ";").encode()))
        case "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
        case "parquet":
            pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file


@pytest.mark.parametrize("kind", ["csv", "tsv", "csv.gz", "jsonl", "parquet"])
def test_the_parts_are_the_whole(tmp_path: Path, kind: str) -> None:
    file = written(tmp_path, kind)

    found, count = joined(parts(file, WANTED))

    assert found == expected() == joined([WANTED.of(file)])[0]
    assert count > 3
    assert is_large(file)


def test_a_text_on_each_line(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(500)]
    (tmp_path / "mail.txt").write_text("\n".join(texts))

    found, count = joined(parts(tmp_path / "mail.txt", FileColumns()))

    assert ([row["body"] for row in found], count > 3) == (texts, True)


def test_rows_that_cannot_be_used_are_named_in_each_part(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in ROWS]
    lines[3] = lines[150] = "no JSON"
    (tmp_path / "mail.jsonl").write_text("\n".join(lines))

    tables = list(parts(tmp_path / "mail.jsonl", FileColumns(("body",), Reading(skip_bad_rows=True))))

    assert sum(table.bad for table in tables) == 2
    assert sum(len(table.texts) for table in tables) == len(ROWS)
    with pytest.raises(NotInParts):
        list(parts(tmp_path / "mail.jsonl", WANTED))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sep.csv", "sep=,\n" + csv_of(ROWS)),
        ("wide.csv", csv_of(ROWS) + "a,b,c,d\n"),
        ("open.csv", csv_of(ROWS) + '1,"never closed,x\n'),
        ("array.json", json.dumps(ROWS)),
        ("other.csv", csv_of(ROWS).replace("body", "words")),
    ],
    ids=["a line before the header", "a wide row", "an open quote", "an array", "no such column"],
)
def test_what_cannot_be_cut_is_to_be_read_as_a_whole(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    with pytest.raises(NotInParts):
        list(parts(tmp_path / name, WANTED))


def test_a_small_file_is_not_worth_it(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("text\nhello\n")

    assert not is_large(tmp_path / "mail.csv")
