"""`labelloop init` tries the model: what cannot work is told before anybody labels."""

import json
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.pool.snapshot import Row, write
from labelloop.store import pool_uri
from schemas.parts import Snapshot
from tests.support.command import error_line, labelloop
from tests.support.homes import appended, home_with
from tests.support.messages import names
from tests.support.states import PROJECT, all_answered, project, queried
from tests.support.tiny_bert import tiny_bert, without_last_embeddings


@pytest.fixture
def data(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "mail.csv").write_text("text\n" + "".join(f"who is the man {n}\n" for n in range(30)))
    labels = ("--labels", "spam,ham", "--batch-size", 5)
    return ("init", "--home", tmp_path / "home", "--dataset", tmp_path / "mail.csv", *labels)


def test_a_model_that_works_makes_a_project(data: tuple[object, ...], tmp_path: Path) -> None:
    result = labelloop(*data, "--model", tiny_bert(tmp_path / "tiny"), "--json")

    said = json.loads(result.stdout)
    assert said["new"]
    assert any(names(note, "unknown", "tiny") for note in said["notes"]), "of numbers it knows nothing"


def test_tokens_without_an_embedding_are_told(data: tuple[object, ...], tmp_path: Path) -> None:
    base = without_last_embeddings(tiny_bert(tmp_path / "small"), 3)

    said = json.loads(labelloop(*data, "--model", base, "--json").stdout)

    assert any(names(note, "small", "3", "embedding") for note in said["notes"])


@pytest.fixture
def wordless(tmp_path: Path) -> Path:
    """A model without its tokenizer."""
    base = tiny_bert(tmp_path / "without-words")
    for file in base.glob("token*"):
        file.unlink()
    return base


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
def test_a_model_that_cannot_work_is_refused_and_nothing_is_made(
    data: tuple[object, ...], tmp_path: Path, wordless: Path, classifier: str
) -> None:
    line = error_line(labelloop(*data, "--model", wordless, "--classifier", classifier))

    assert names(line, classifier, "without-words", "--model")
    assert not any((tmp_path / "home" / "store").glob("*"))
    assert not (tmp_path / "home" / "log.sqlite").exists()


@pytest.mark.parametrize("command", [("change", PROJECT), ("fork", PROJECT, "--as", "other")])
def test_no_project_goes_on_with_a_model_that_cannot_work(
    tmp_path: Path, wordless: Path, command: tuple[str, ...]
) -> None:
    home = open_home(tmp_path / "home")
    pool = home.store / PROJECT / "pool"
    pool.mkdir(parents=True)
    written = write(pool, [Row(f"text {number}", None, number) for number in range(40)])
    snapshot = Snapshot(uri=pool_uri(PROJECT, written.name), digest=written.digest, size=40)
    home_with(home.path, project(pool=snapshot), queried(), all_answered())
    before = appended(home.path)

    line = error_line(labelloop(*command, "--model", wordless, "--home", home.path))

    assert names(line, "without-words", "--model")
    assert appended(home.path) == before
