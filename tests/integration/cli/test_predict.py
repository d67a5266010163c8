"""`labelloop predict` with a model that was really trained: the rest of the pool, and files."""

import csv
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from labelloop.learner.requests import SCORED_AT_A_TIME
from labelloop.learner.shared import SHARED
from labelloop.pool.snapshot import Row
from labelloop.pool.sources import load
from labelloop.projects.formats import FORMATS
from labelloop.projects.predictions.predict import PredictionRequest
from schemas.parts import BaseModelChoice, Snapshot
from tests.integration.learner.conftest import LABELS, STARTS
from tests.support.command import LABELLOOP, eventually, labelloop
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.states import PROJECT, project, state_of
from tests.support.tiny_bert import TINY
from tests.support.trained_home import trained_home

SIZE, BATCH = 1100, 30
MANY = 8 * SCORED_AT_A_TIME
FORMULA, ESCAPES = "=HYPERLINK('x')", "who \x1b[2J is"


def text(item: int) -> str:
    return f"{STARTS[LABELS[item % len(LABELS)]]} {item}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety texts of the pool are labelled, thirty of which were audited before, and model 0 is there."""
    rows = [Row(text(item), LABELS[item % len(LABELS)], item) for item in range(SIZE)]
    model = BaseModelChoice(name=str(TINY))
    return trained_home(tmp_path_factory.mktemp("predict") / "home", rows, BATCH, wrong=3, model=model)


def predicted(home: Path, *arguments: object) -> dict[str, Any]:
    result = labelloop("predict", *arguments, "--home", home, "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout or result.stderr.splitlines()[-1])
    return said


def refusal(result: Result) -> str:
    """The one line that it failed with, after those that say how far it came."""
    *before, last = result.stderr.splitlines()
    assert result.exit_code == 2, result.output
    assert not [line for line in before if "error" in line]
    assert last.startswith("error: ")
    return last


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def mail(folder: Path, size: int) -> Path:
    file = folder / "mail.csv"
    with file.open("w", encoding="utf-8", newline="") as content:
        writer = csv.writer(content)
        writer.writerow(["id", "body", "label"])
        writer.writerows([number, text(number), "theirs"] for number in range(size))
    return file


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_rest_of_the_pool_gets_its_labels(home: Path, tmp_path: Path) -> None:
    output = tmp_path / "rest.jsonl"

    said = predicted(home, "--output", output)

    rows = rows_of(output)
    assert [row["item"] for row in rows] == list(range(3 * BATCH, SIZE))
    assert (said["rows"], said["texts"], said["model"]) == (len(rows), len(rows), "0")
    assert {(row["model"], row["model_sha256"], row["calibrated"]) for row in rows} == {
        ("0", said["sha256"], True)
    }
    assert [row["id"] for row in rows[:2]] == ["i90", "i91"]
    right = sum(row["label"] == LABELS[row["item"] % len(LABELS)] for row in rows)
    assert right / len(rows) > 0.9
    assert left(tmp_path) == {"rest.jsonl", "rest.jsonl.log.json"}


def test_only_rows_that_reach_the_threshold_and_what_the_audit_says_of_them(
    home: Path, tmp_path: Path
) -> None:
    every, sure = tmp_path / "all.jsonl", tmp_path / "sure.jsonl"
    predicted(home, "--output", every)
    limit = sorted(row["probability"] for row in rows_of(every))[500]

    said = predicted(home, "--at-least", limit, "--output", sure)

    assert rows_of(sure) == [row for row in rows_of(every) if row["probability"] >= limit]
    assert said["calibration"]["audited"] == BATCH
    assert said["calibration"]["temperature"] > 1, "three of thirty were wrong at 0.97"
    assert (said["audit"]["audited"], said["audit"]["right"]) == (BATCH, BATCH - 3)
    result = labelloop("predict", "--home", home, "--at-least", limit, "--output", sure, "--replace")
    assert names(result.stdout, f"{said['rows']:,}", "90.0 % right", "95 % interval", "30 audited")


@pytest.mark.parametrize("output", ["mail.jsonl", "out.csv", "out.parquet", "out/", "-"])
def test_a_file_in_each_format_with_the_users_own_columns(home: Path, tmp_path: Path, output: str) -> None:
    source = mail(tmp_path, 20)
    target = output if output == "-" else f"{tmp_path}/{output}"

    result = labelloop("predict", source, "--text-column", "body", "--home", home, "--output", target)

    assert result.exit_code == 0, result.output
    if output == "-":
        target = f"{tmp_path}/printed.jsonl"
        Path(target).write_text(result.stdout)
    table = load(target, keep=dict.fromkeys(("id", "source_label", "source_row", "source", "model"), ""))
    assert table.texts == [text(number) for number in range(20)]
    assert set(table.labels or ()) <= set(LABELS)
    assert (
        table.kept_columns["id"] == table.kept_columns["source_row"] == [str(number) for number in range(20)]
    )
    assert {
        *table.kept_columns["source_label"],
        *table.kept_columns["source"],
        *table.kept_columns["model"],
    } == {
        "theirs",
        str(source),
        "0",
    }
    assert len(FORMATS) == 5, "the Hub is in the tests of formats"


@pytest.mark.parametrize(
    ("own", "header", "read"),
    [
        (("body",), ("text", "body"), "body"),
        (("body",), ("title", "text"), "text"),
        (("title", "body"), ("body", "text", "title"), "title body"),
    ],
    ids=["its own before text", "text where its own is not", "several"],
)
def test_texts_are_read_from_the_columns_of_the_project(
    tmp_path: Path, own: tuple[str, ...], header: tuple[str, ...], read: str
) -> None:
    settings = {"text_columns": own} if own[1:] else {}
    state = state_of(project(pool=Snapshot(uri="p", digest="d", size=3, text_column=own[0]), **settings))
    file = tmp_path / "mail.csv"
    file.write_text(f"{','.join(header)}\n{','.join(f'{name}!' for name in header)}\n", encoding="utf-8")

    table = PredictionRequest((file,)).columns_in(state).of(file)

    assert table.texts[0].split() == [f"{name}!" for name in read.split()]
    assert {*header} - {read} <= {*table.kept_columns}, "the others are kept"


def test_empty_texts_get_no_label_and_are_not_lost(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mail.jsonl").write_text('{"text": "who is"}\n{"text": " "}\n{"text": null, "id": 3}\n')

    said = predicted(home, tmp_path / "mail.jsonl", "--output", tmp_path / "out.jsonl")

    assert [(row["label"] is None, row["id"]) for row in rows_of(tmp_path / "out.jsonl")] == [
        (False, None),
        (True, None),
        (True, "3"),
    ]
    assert (said["texts"], said["rows"]) == (1, 3)
    assert (
        predicted(home, tmp_path / "mail.jsonl", "--at-least", 0, "--output", tmp_path / "b.csv")["rows"] == 1
    )


def test_one_text_is_enough(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("who is\n")

    done = labelloop("predict", tmp_path / "one.txt", "--home", home, "--output", tmp_path / "out.csv")

    assert done.exit_code == 0, done.output
    assert names(done.stderr, "1 row")
    assert names(done.stdout, "1 text")


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", ""), ("a.csv", "text\n"), ("a.json", "[]"), ("b.csv", 'text\n""\n" "\n')]
)
def test_of_no_text_nothing_is_made(home: Path, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)

    refused = labelloop("predict", tmp_path / name, "--home", home, "--output", tmp_path / "out.csv")

    assert names(refusal(refused), name, "some texts")
    assert left(tmp_path) == {name}


def test_hostile_texts_are_data(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mail.jsonl").write_text(
        "".join(json.dumps({"text": each, "=id": each}) + "\n" for each in (FORMULA, ESCAPES))
    )
    asked = ("predict", tmp_path / "mail.jsonl", "--home", home)

    plain = labelloop(*asked, "--output", tmp_path / "a.csv")
    safe = labelloop(*asked, "--output", tmp_path / "b.csv", "--safe-for-spreadsheets")

    assert names(plain.stderr, "3 cells", "--safe-for-spreadsheets")
    assert "formula" not in safe.stderr
    assert f'"{FORMULA}' not in (tmp_path / "b.csv").read_text()
    assert "\x1b" not in plain.output + safe.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mail.csv", "--text-column", "words"), ("words", "--text-column", "'body'")),
        (("mail.csv",), ("'text'", "--text-column", "'id'", "'body'")),
        (("mail.csv", "--text-column", "id", "--text-column", "body"), (1, "'text'", 2, "--text-column")),
        (("mail.csv", "--text-column", "body", "--pool"), ("--pool",)),
        (("none.csv",), ("none.csv",)),
        (("--text-column", "body"), ("file",)),
        (("--at-least", "1.5"), ("1.5", "--at-least")),
        (("--at-least", "nan"), ("probability", "--at-least")),
        (("--at-least", "1"), ("none", "1", "--at-least")),
        (("--model", "7"), ("7", "0")),
        (("--output", "mail.csv"), ("mail.csv", "exists", "--replace")),
        (
            ("mail.csv", "--text-column", "body", "--replace", "--output", "mail.csv"),
            ("mail.csv", "--output"),
        ),
        (("--output", "mail.csv/rest.csv"), ("mail.csv", "--output")),
        (("--output", "rest"), ("rest", "format")),
        (("--format", "parquet", "--output", "-"), ("parquet", "--output")),
        (("page.csv",), ("page.csv", "web page")),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_lost(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    before = mail(tmp_path, 3).read_bytes()
    (tmp_path / "page.csv").write_text("<html>")
    monkeypatch.chdir(tmp_path)
    where = () if "--output" in arguments else ("--output", "out.jsonl")

    line = refusal(labelloop("predict", *arguments, *where, "--home", home))

    assert names(line, *words)
    assert (tmp_path / "mail.csv").read_bytes() == before
    assert not left(tmp_path) & {"out.jsonl", "rest", "rest.csv"}


def test_without_a_terminal_lines_on_stderr_tell_how_far_it_is(home: Path, tmp_path: Path) -> None:
    source, output = mail(tmp_path, 3), tmp_path / "out.csv"

    result = labelloop("predict", source, "--text-column", "body", "--home", home, "--output", output)

    reading, predicting, *_, writing, done = result.stderr.splitlines()
    assert names(reading, source)
    assert names(predicting, 0, 3)
    assert names(writing, 0, 3)
    assert names(done, 3, output)


def test_without_a_model_or_with_one_that_was_pruned(home: Path, tmp_path: Path) -> None:
    bare = home_with(tmp_path / "bare", project())
    assert names(refusal(labelloop("predict", "--home", bare)), "no model", "label")

    kept = home / "store" / PROJECT / "models"
    kept.rename(home / "away")
    try:
        newest = refusal(labelloop("predict", "--home", home))
        named = refusal(labelloop("predict", "--home", home, "--model", "0"))
    finally:
        (home / "away").rename(kept)
    assert names(newest, "none", "store")
    assert names(named, "model 0", "no longer", "--model")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return mail(tmp_path, MANY)


def started(home: Path, many: Path, output: Path, alone: bool = False) -> "subprocess.Popen[bytes]":
    """The command; `alone` it has a learner of its own, which is killed with it."""
    arguments = ("predict", many, "--text-column", "body", "--home", home, "--output", output)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    if alone:
        del environment[SHARED]
    return subprocess.Popen([*LABELLOOP, *map(str, arguments)], env=environment)


def test_killed_in_the_middle_it_goes_on_and_no_row_is_lost_or_there_twice(
    home: Path, many: Path, tmp_path: Path
) -> None:
    output, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    scores = tmp_path / "out.csv.unfinished" / "scores"
    process = started(home, many, output, alone=True)
    eventually(lambda: len(list(scores.glob("*.npy"))) > 2, "some chunks are scored")
    assert names(refusal(labelloop("predict", many, "--home", home, "--output", output)), "another")
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {file: file.stat().st_mtime_ns for file in scores.glob("*.npy")}
    assert len(done) < MANY // SCORED_AT_A_TIME
    assert not output.exists()
    first = min(done)
    mark = first.stat().st_ino

    again = started(home, many, output)
    eventually(lambda: len(list(scores.glob("*.npy"))) > len(done), "it goes on")
    assert first.stat().st_ino == mark, "what was scored is kept"
    assert again.wait() == 0
    predicted(home, many, "--text-column", "body", "--output", whole)

    assert output.read_bytes() == whole.read_bytes()
    with output.open(newline="") as content:
        assert [row["id"] for row in csv.DictReader(content)] == [str(number) for number in range(MANY)]
    assert not (tmp_path / "out.csv.unfinished").exists()


def test_what_is_unfinished_of_other_texts_or_another_model_is_begun_anew(home: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    source = mail(tmp_path, 5)
    refused = ("predict", source, "--text-column", "body", "--home", home, "--output", output)
    refusal(labelloop(*refused, "--at-least", 1))
    mail(tmp_path, 7)

    said = predicted(home, source, "--text-column", "body", "--output", output)

    assert said["rows"] == len(rows_of(output)) == 7
