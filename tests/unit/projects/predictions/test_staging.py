"""The rows of files in one snapshot: each once, whether a file is read in parts or as a whole."""

import csv
import json
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.pool import parts
from labelloop.pool.columns import Reading
from labelloop.pool.parts import FileColumns
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.interrupted_work import Unfinished
from labelloop.projects.predictions.staging import OWN, SOURCE, stage
from tests.support.messages import raises_naming

SIZE = 300


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows."""
    monkeypatch.setattr(parts, "LARGE", 500)


@pytest.fixture
def unfinished(tmp_path: Path) -> Unfinished:
    folder = tmp_path / "out.unfinished"
    folder.mkdir()
    return Unfinished(folder)


def mail(folder: Path, before: str = "") -> Path:
    with (folder / "mail.csv").open("w", newline="") as file:
        file.write(before)
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([number, f"text\n{number}"] for number in range(SIZE))
    return folder / "mail.csv"


def staged_rows(unfinished: Unfinished) -> list[tuple[str, int, str | None, dict[str, str]]]:
    table = OpenSnapshot.open(unfinished.rows)
    every = range(len(table))
    kept = table.kept_values(every)
    own = [json.loads(each or "") for each in kept[OWN]]
    return list(zip(table.texts(every), table.source_rows(every), kept[SOURCE], own, strict=True))


@pytest.mark.parametrize("before", ["", "sep=,\n"], ids=["in parts", "as a whole"])
def test_every_row_is_there_once(tmp_path: Path, unfinished: Unfinished, before: str) -> None:
    file = mail(tmp_path, before)

    staged = stage([file], FileColumns(), unfinished)

    assert staged_rows(unfinished) == [
        (f"text\n{number}", number, str(file), {"id": str(number)}) for number in range(SIZE)
    ]
    assert [*staged.names] == ["id"]
    assert {path.name for path in unfinished.folder.iterdir()} == {"rows.arrow", "columns.json"}


def test_rows_of_several_files_with_other_columns(tmp_path: Path, unfinished: Unfinished) -> None:
    first = mail(tmp_path)
    second = tmp_path / "more.jsonl"
    lines = ['{"text": "hello", "when": 3}', "no JSON", '{"text": "again"}']
    second.write_text("\n".join(lines))

    staged = stage([first, second], FileColumns(None, Reading(skip_bad_rows=True)), unfinished)

    assert [*staged.names] == ["id", "when"]
    assert [row[:2] for row in staged_rows(unfinished)[SIZE:]] == [("hello", 0), ("again", 2)]
    assert any("more.jsonl" in note for note in staged.notes), "one is left out"


def test_a_bad_row_far_behind_is_named_by_its_line_and_nothing_is_kept(
    tmp_path: Path, unfinished: Unfinished
) -> None:
    lines = [json.dumps({"text": f"text {number}"}) for number in range(SIZE)]
    lines[250] = "no JSON"
    (tmp_path / "mail.jsonl").write_text("\n".join(lines))

    with raises_naming(UserError, "mail.jsonl", "line 251", "--skip-bad-rows"):
        stage([tmp_path / "mail.jsonl"], FileColumns(), unfinished)

    assert list(unfinished.folder.iterdir()) == []
