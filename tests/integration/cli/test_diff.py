"""`labelloop diff`: what changed from one model to another, by what the store has of both."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import error_line, labelloop
from tests.support.damage import change_byte
from tests.support.messages import names
from tests.support.predictions_recorded import HOSTILE, home_of_models


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_of_models(tmp_path / "home", "=ham\x1b[31m")


def diff(home: Path, *arguments: object) -> Any:
    return labelloop("diff", *arguments, "--home", home)


def test_it_tells_in_short_what_changed(home: Path) -> None:
    result = diff(home, "1", "2")

    assert result.exit_code == 0, result.output
    assert names(result.stdout, "0.250 → 0.750", "+0.500", "2 became right", "0 became wrong", "p = 0.500")
    assert names(result.stdout, "12 of 40 texts", "30.0 %", "40 → 28", "4 more")
    assert names(result.stdout, "text 0 ", "0.60", "0.90")
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert "next line" in next(line for line in result.stdout.splitlines() if line.startswith("text 0 "))


def test_for_programs_there_is_all_of_it(home: Path) -> None:
    said = json.loads(diff(home, "1", "2", "--json").stdout)

    assert [each["model"] for each in said["models"]] == ["1", "2"]
    test = said["test"]
    assert (test["texts"], test["before"], test["after"], test["difference"]) == (4, 0.25, 0.75, 0.5)
    assert (test["gained"], test["lost"], test["p_value"]) == (2, 0, 0.5)
    assert test["low"] < 0.5 < test["high"]
    assert [(flip["item"], flip["gold"]) for flip in test["flips"]] == [
        (1, ["=ham\x1b[31m"]),
        (2, ["news"]),
        (3, ["spam"]),
    ]
    assert (said["pool"]["texts"], said["pool"]["flipped"], len(said["pool"]["flips"])) == (40, 12, 12)
    assert said["pool"]["moves"] == [{"before": ["spam"], "after": ["=ham\x1b[31m"], "texts": 12}]
    assert [(each["label"], each["before"], each["after"]) for each in said["labels"]] == [
        ("spam", 40, 28),
        ("=ham\x1b[31m", 0, 12),
        ("news", 0, 0),
    ]


def test_a_file_of_somebody_else_is_left_as_it_is(home: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "flips.csv"
    theirs.write_text("irreplaceable")

    refused = diff(home, "1", "2", "--output", theirs)

    assert (refused.exit_code, theirs.read_text()) == (2, "irreplaceable")


@pytest.mark.parametrize("output", ["flips.csv", "flips.jsonl", "flips.parquet"])
def test_all_texts_that_get_another_label_are_written(home: Path, tmp_path: Path, output: str) -> None:
    result = diff(home, "1", "2", "--output", tmp_path / output)

    assert result.exit_code == 0, result.output
    assert (tmp_path / f"{output}.log.json").is_file()
    assert ("formula" in result.stderr) == output.endswith("csv")
    if output.endswith("jsonl"):
        rows = [json.loads(line) for line in (tmp_path / output).read_text().splitlines()]
        assert [row["set"] for row in rows] == ["test"] * 3 + ["pool"] * 12
        assert (rows[0]["item"], rows[0]["text"], rows[0]["gold"]) == (1, "question 1", ["=ham\x1b[31m"])
        assert (rows[3]["item"], rows[3]["text"], rows[3]["gold"]) == (0, HOSTILE, None)


def test_on_the_terminal_the_rows_are_alone(home: Path) -> None:
    result = diff(home, "1", "2", "--output", "-")

    assert [json.loads(line)["set"] for line in result.stdout.splitlines()] == ["test"] * 3 + ["pool"] * 12
    assert names(result.stderr, "0.250 → 0.750")


@pytest.mark.parametrize(
    ("models", "facts"),
    [
        (("1", "9"), ("'9'", "0, 1, 2, 3")),
        (("0", "2"), ("model 0", "not recorded", "will not", "1, 2")),
        (("2", "3"), ("model 3", "not recorded yet", "labelloop up", "1, 2")),
        (("2", "2"), ("model 2", "twice")),
    ],
)
def test_a_model_without_predictions_is_told_with_what_to_do(
    home: Path, models: tuple[str, str], facts: tuple[str, ...]
) -> None:
    assert names(error_line(diff(home, *models)), *facts)


def file_of(home: Path, model: str) -> Path:
    lines = labelloop("events", "--home", home, "--json", "--type", "PredictionsRecorded").stdout.splitlines()
    said = {data["model"]: data for line in lines for data in [json.loads(line)["data"]]}
    return home / "store" / str(said[model]["uri"])


def test_a_file_that_is_gone_or_damaged_is_told_with_the_others(home: Path) -> None:
    change_byte(file_of(home, "1"), 9)
    assert names(error_line(diff(home, "1", "2")), "model 1", "damaged", "choose from 2")

    file_of(home, "2").unlink()
    assert names(error_line(diff(home, "2", "1")), "model 2", "gone", "choose from 1")


def test_the_files_go_with_a_backup_and_with_a_copy(home: Path, tmp_path: Path) -> None:
    before = diff(home, "1", "2", "--json").stdout
    assert labelloop("backup", tmp_path / "backup", "--home", home).exit_code == 0
    assert labelloop("restore", tmp_path / "backup", "--home", tmp_path / "new").exit_code == 0
    assert diff(tmp_path / "new", "1", "2", "--json").stdout == before

    file_of(home, "1").write_bytes(b"")
    assert labelloop("backup", tmp_path / "again", "--home", home).exit_code == 0, "it is left out"
