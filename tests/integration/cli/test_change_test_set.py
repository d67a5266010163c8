"""`labelloop change --test`: the file, the store, and what commands do with two test sets."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import QUICK

TEXTS = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm", "you won", "see you"]


def table(path: Path, rows: list[tuple[str, str]], header: str = "body,kind") -> Path:
    path.write_text("".join(f"{line}\n" for line in (header, *map(",".join, rows))))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a project, and files beside it."""
    folder = tmp_path_factory.mktemp("test-sets")
    mail = table(folder / "mail.csv", list(zip(TEXTS, ["spam", "ham"] * 3, strict=True)))
    for name in ("mail", "letters"):
        options = ("--text-column", "body", "--label-column", "kind", "--batch-size", 2, "--name", name)
        result = labelloop("init", "--home", folder / "home", "--dataset", mail, *options, *QUICK)
        assert result.exit_code == 0, result.output
    table(folder / "test.csv", [("a prize for you", "spam"), ("lunch?", "ham")])
    table(folder / "other.csv", [("pills", "spam"), ("at 4pm", "ham"), ("noon", "ham")], "text,gold")
    table(folder / "unlabelled.csv", [("pills", ""), ("at 4pm", "")])
    table(folder / "strange.csv", [("pills", "fraud"), ("at 4pm", "ham")])
    return folder


def settings(folder: Path) -> dict[str, Any]:
    lines = labelloop("events", "--home", folder / "home", "--json").stdout.splitlines()
    return dict(json.loads(lines[-1])["data"]["settings"])


def test_a_test_set_has_the_columns_of_the_one_before_and_lies_in_the_store(folder: Path) -> None:
    result = labelloop("change", "mail", "--test", folder / "test.csv", "--home", folder / "home")
    assert result.exit_code == 0, result.output
    first = settings(folder)["test"]
    other = ("--test", folder / "other.csv", "--test-text-column", "text", "--test-label-column", "gold")
    result = labelloop("change", "mail", *other, "--home", folder / "home")
    assert result.exit_code == 0, result.output
    second = settings(folder)["test"]

    assert (first["size"], first["text_column"], first["label_column"]) == (2, "body", "kind")
    assert (second["size"], second["text_column"], second["label_column"]) == (3, "text", "gold")
    for each in (first, second):
        assert (folder / "home" / "store" / each["uri"]).is_file()
    verified = labelloop("replay", "--verify", "--project", "mail", "--home", folder / "home")
    assert verified.exit_code == 0, verified.output
    kept = (folder / "home" / "store" / first["uri"]).read_bytes()
    (folder / "home" / "store" / first["uri"]).unlink()
    said = error_line(labelloop("replay", "--verify", "--project", "mail", "--home", folder / "home"))
    assert names(said, Path(first["uri"]).name)
    (folder / "home" / "store" / first["uri"]).write_bytes(kept)

    backup = folder / "backup"
    result = labelloop("backup", backup, "--home", folder / "home")
    assert result.exit_code == 0, result.output
    assert {Path(each["uri"]).name for each in (first, second)} <= {
        path.name for path in backup.rglob("*.arrow")
    }


def test_a_change_to_the_same_texts_changes_nothing(folder: Path) -> None:
    other = ("--test", folder / "other.csv", "--test-text-column", "text", "--test-label-column", "gold")
    labelloop("change", "mail", *other, "--home", folder / "home")

    assert names(
        error_line(labelloop("change", "mail", *other, "--home", folder / "home")), "nothing changes"
    )


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("unlabelled.csv",), ("unlabelled.csv", "no labelled texts")),
        (("strange.csv",), ("strange.csv", "'fraud'")),
        (("nowhere.csv",), ("nowhere.csv",)),
        (("test.csv", "--test-text-column", "subject"), ("'subject'", "--test-text-column", "body")),
        (("test.csv", "--test-label-column", "gold"), ("'gold'", "--test-label-column", "kind")),
        (("test.csv", "--test-label-column", ""), ("test.csv", "--test-label-column")),
        (("mail.csv",), ("mail.csv", "pool")),
    ],
)
def test_what_is_no_test_set_is_told_and_changes_nothing(
    folder: Path, arguments: tuple[str, ...], facts: tuple[object, ...]
) -> None:
    count = len(labelloop("events", "--home", folder / "home", "--json").stdout.splitlines())
    stored = set((folder / "home" / "store").rglob("*.arrow"))
    file, *more = arguments

    result = labelloop("change", "letters", "--test", folder / file, *more, "--home", folder / "home")

    assert names(error_line(result), *facts)
    assert len(labelloop("events", "--home", folder / "home", "--json").stdout.splitlines()) == count
    assert set((folder / "home" / "store").rglob("*.arrow")) == stored


def test_a_project_elsewhere_needs_its_store_for_a_test_set(folder: Path) -> None:
    log = f"sqlite:///{folder / 'home' / 'log.sqlite'}"

    result = labelloop("change", "letters", "--test", folder / "test.csv", "--log", log)

    assert names(error_line(result), "--store")
