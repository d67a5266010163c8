"""`labelloop init` tries the model: what cannot work is told before anybody labels."""

import json
from pathlib import Path

import pytest

from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import tiny_bert


@pytest.fixture
def data(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "mail.csv").write_text("text\n" + "".join(f"who is the man {n}\n" for n in range(30)))
    labels = ("--labels", "spam,ham", "--batch-size", 5)
    return ("init", "--home", tmp_path / "home", "--dataset", tmp_path / "mail.csv", *labels)


def projects(data: tuple[object, ...]) -> list[object]:
    found: list[object] = json.loads(labelloop("status", *data[1:3], "--json").stdout)["projects"]
    return found


def test_a_model_that_works_makes_a_project(data: tuple[object, ...], tmp_path: Path) -> None:
    result = labelloop(*data, "--model", tiny_bert(tmp_path / "tiny"), "--json")

    said = json.loads(result.stdout)
    assert said["new"]
    assert any(names(note, "unknown", "tiny") for note in said["notes"]), "of numbers it knows nothing"


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
def test_a_model_that_cannot_work_is_refused_and_nothing_is_made(
    data: tuple[object, ...], tmp_path: Path, classifier: str
) -> None:
    base = tiny_bert(tmp_path / "without-words")
    for file in base.glob("token*"):
        file.unlink()

    line = error_line(labelloop(*data, "--model", base, "--classifier", classifier))

    assert names(line, classifier, "without-words", "--model")
    assert not any((tmp_path / "home" / "store").glob("*"))
    assert projects(data) == []
