"""Gold texts: what of a file is taken, and what is refused."""

import csv
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.data import ProjectData, prepare_data
from labelloop.projects.gold import check_gold_share, gold_share
from labelloop.projects.options import ProjectOptions
from tests.support.messages import names, raises_naming

HOSTILE = '<script>alert("x")</script>\u202e' * 2000


def file(path: Path, *rows: tuple[str, ...], header: tuple[str, ...] = ("text", "label")) -> str:
    with path.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([header, *rows])
    return str(path)


def prepared(tmp_path: Path, *rows: tuple[str, ...], **options: Any) -> ProjectData:
    """A project of four texts with these gold texts."""
    header = options.pop("header", ("text", "label"))
    pool = file(tmp_path / "mail.csv", ("win money", ""), ("lunch?", ""), ("news", ""), ("bye", ""))
    asked = {"dataset": pool, "label_column": "", "labels": ("spam", "ham"), **options}
    return prepare_data(
        ProjectOptions.of({**asked, "gold": file(tmp_path / "gold.csv", *rows, header=header)}), tmp_path
    )


def taken(tmp_path: Path, data: ProjectData) -> dict[str, Any]:
    assert data.gold is not None
    opened = OpenSnapshot.open(tmp_path / data.gold.uri, data.gold.digest)
    items = range(len(opened))
    return dict(zip(opened.texts(items), opened.gold(items) or (), strict=True))


def test_distinct_texts_with_a_label_are_taken_and_the_others_are_told(tmp_path: Path) -> None:
    data = prepared(
        tmp_path,
        ("cheap pills", "spam"),
        ("cheap pills ", "spam"),
        ("win money", "spam"),
        ("  ", "ham"),
        ("who knows", ""),
        (HOSTILE, "ham"),
    )

    assert taken(tmp_path, data) == {"cheap pills": "spam", HOSTILE: "ham"}
    (note,) = [note for note in data.notes if "gold.csv" in note]
    assert names(note, "2 gold texts", "1 left out", "1 repeated", "1 empty", "1 unlabelled")
    assert data.pool.size == 4


def test_the_columns_may_be_called_otherwise(tmp_path: Path) -> None:
    data = prepared(
        tmp_path,
        ("x", "offer", "spam"),
        header=("id", "body", "truth"),
        gold_text_column="body",
        gold_label_column="truth",
    )

    assert taken(tmp_path, data) == {"offer": "spam"}


def test_of_several_labels_all_are_kept_in_order(tmp_path: Path) -> None:
    data = prepared(tmp_path, ("offer", "ham;spam"), ("none", ""), task="multi-label", label_separator=";")

    assert taken(tmp_path, data) == {"offer": ("spam", "ham")}


def test_what_people_see_of_a_text_must_be_there(tmp_path: Path) -> None:
    pool = file(
        tmp_path / "mail.csv",
        *[(f"mail {number}", "ann", str(number)) for number in range(4)],
        header=("text", "sender", "size"),
    )
    asked: dict[str, Any] = {
        "dataset": pool,
        "labels": ("spam", "ham"),
        "show_column": ("sender",),
        "metadata_column": ("size",),
    }

    def of(*row: str, header: tuple[str, ...]) -> ProjectData:
        gold = file(tmp_path / "gold.csv", row, header=header)
        return prepare_data(ProjectOptions.of({**asked, "gold": gold}), tmp_path)

    data = of("offer", "spam", "bob", "7", header=("text", "label", "sender", "size"))
    assert data.gold is not None
    assert OpenSnapshot.open(tmp_path / data.gold.uri).kept_values([0]) == {"size": ["7"], "sender": ["bob"]}
    with raises_naming(UserError, "gold.csv", "sender", "--show-column"):
        of("offer", "spam", "7", header=("text", "label", "size"))
    with raises_naming(UserError, "gold.csv", "row 1", "size", "large"):
        of("offer", "spam", "bob", "large", header=("text", "label", "sender", "size"))


@pytest.mark.parametrize(
    ("rows", "header", "facts"),
    [
        ([("offer", "urgent")], ("text", "label"), ("gold.csv", "urgent", "--labels")),
        ([("offer", "spam"), ("offer", "ham")], ("text", "label"), ("gold.csv", "spam", "ham", 2)),
        ([("win money", "spam")], ("text", "label"), ("gold.csv", "pool", "--gold")),
        ([("offer", ""), ("other", "")], ("text", "label"), ("gold.csv", "labelled")),
        ([("offer", "x")], ("text", "comment"), ("gold.csv", "--gold-label-column")),
        ([], ("text", "label"), ("gold.csv", "labelled")),
        ([("a\x00b", "spam")], ("text", "label"), ("gold.csv", "NUL")),
    ],
)
def test_a_file_that_measures_nobody_is_refused_in_one_line(
    tmp_path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...], facts: tuple[object, ...]
) -> None:
    with raises_naming(UserError, *facts) as raised:
        prepared(tmp_path, *rows, header=header)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        ("gold.jsonl", '{"text": "offer", "label": {"a": 1}}\n', ("choose another --gold-label-column",)),
        ("gold.csv", 'text,label\noffer,spam\n"other,ham\n', ("line 3", "quote")),
    ],
)
def test_what_cannot_be_read_is_told_with_its_option_and_place(
    tmp_path: Path, name: str, content: str, facts: tuple[str, ...]
) -> None:
    pool = file(tmp_path / "mail.csv", ("win money", "spam"), ("lunch?", "ham"))
    (tmp_path / name).write_text(content)

    with raises_naming(UserError, name, *facts):
        prepare_data(ProjectOptions.of({"dataset": pool, "gold": str(tmp_path / name)}), tmp_path)


@pytest.mark.parametrize("gold", ["", "nowhere.csv", "."])
def test_what_is_no_file_of_texts_is_told(tmp_path: Path, gold: str) -> None:
    pool = file(tmp_path / "mail.csv", ("win money", "spam"), ("lunch?", "ham"))

    with raises_naming(UserError, gold):
        prepare_data(ProjectOptions.of({"dataset": pool, "gold": gold}), tmp_path)


def test_the_file_of_the_pool_holds_no_gold_texts(tmp_path: Path) -> None:
    pool = file(tmp_path / "mail.csv", ("win money", "spam"), ("lunch?", "ham"))

    with raises_naming(UserError, "mail.csv", "pool"):
        prepare_data(ProjectOptions.of({"dataset": pool, "gold": pool}), tmp_path)


def test_a_share_is_of_texts_that_there_are() -> None:
    assert gold_share(ProjectOptions.of({"gold": "gold.csv"}), 0.0) == 0.05
    assert gold_share(ProjectOptions.of({"gold": "gold.csv"}), 0.2) == 0.2
    assert gold_share(ProjectOptions.of({"gold": "gold.csv", "gold_share": 0.0}), 0.2) == 0.0
    assert gold_share(ProjectOptions.of({}), 0.0) == 0.0
    check_gold_share(0.05, 20, has_gold=True)
    check_gold_share(0.0, 1, has_gold=False)
    with raises_naming(UserError, "--gold"):
        check_gold_share(0.05, 20, has_gold=False)
    with raises_naming(UserError, "--gold-share", 5, "0.2"):
        check_gold_share(0.05, 5, has_gold=True)
