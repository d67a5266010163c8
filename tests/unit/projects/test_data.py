"""Preparing a project's texts: which are the pool and which the test set, and what is told of them."""

from pathlib import Path

import datasets  # type: ignore[import-untyped]
import pytest

from labelloop.errors import UserError
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.data import ProjectData, prepare_data
from labelloop.projects.options import ProjectOptions
from tests.support.messages import names, raises_naming

MAIL = {"text": ["win a prize", "lunch?"], "label": ["spam", "ham"]}
OTHER = {"text": ["cheap pills", "see you", "moved"], "label": ["spam", "ham", "ham"]}


def prepared(folder: Path, **given: object) -> ProjectData:
    return prepare_data(ProjectOptions.of(given), folder)


def saved(folder: Path, **splits: dict[str, list[str]]) -> str:
    made = datasets.DatasetDict({name: datasets.Dataset.from_dict(rows) for name, rows in splits.items()})
    made.save_to_disk(folder / "saved")
    return str(folder / "saved")


def test_the_test_set_of_a_saved_folder_is_its_split_test(tmp_path: Path) -> None:
    source = saved(tmp_path, train=MAIL, test=OTHER)

    data = prepared(tmp_path, dataset=source, test=source)

    assert data.test is not None
    assert OpenSnapshot.open(tmp_path / data.test.uri).all_texts() == OTHER["text"]


def test_without_a_split_test_it_must_be_named(tmp_path: Path) -> None:
    source = saved(tmp_path, train=MAIL)

    with raises_naming(UserError, source, "'test'", "--test-split", "train"):
        prepared(tmp_path, dataset=source, test=source)


@pytest.mark.parametrize("test", ["mail.csv", "./mail.csv", "copy.csv"])
def test_a_test_set_that_is_the_pool_is_refused(
    tmp_path: Path, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.csv").write_text("text,label\na,x\nb,y\n")
    half_labelled = "c,\n" if test != "copy.csv" else ""
    Path("mail.csv").write_text(f"text,label\na,x\nb,y\n{half_labelled}")

    with raises_naming(UserError, test, "--test"):
        prepared(tmp_path, dataset="mail.csv", test=test, labels=("x", "y"))


def test_a_split_that_is_the_pool_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, train=MAIL, test=OTHER)

    with raises_naming(UserError, source, "--test-split"):
        prepared(tmp_path, dataset=source, test=source, test_split="train")


def test_labels_that_are_numbers_are_the_same_in_every_place(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("text,label\na,0.0\nb,1.0\n")
    (tmp_path / "test.csv").write_text("text,label\nc,1\n")
    files = {"dataset": str(tmp_path / "mail.csv"), "test": str(tmp_path / "test.csv")}

    for labels in (None, ("0.0", "1.0"), ("0", "1")):
        assert prepared(tmp_path, labels=labels, **files).labels == ("0", "1")
    assert ProjectOptions(labels=("1.0", "0.0")).labels == ("1", "0"), (
        "or up would not find its project again"
    )


def test_bad_rows_are_told_once_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("text,label\na,x\nb\0,y\n,x\nd,\ne,y\n")
    given = {"labelled": str(tmp_path / "mail.csv"), "skip_bad_rows": True}

    data = prepared(tmp_path, **given)

    pool = OpenSnapshot.open(tmp_path / data.pool.uri)
    assert (pool.all_texts(), pool.source_rows([0, 1, 2])) == (["a", "d", "e"], [0, 3, 4])
    assert (data.pool.dropped_empty, dict(data.known_labels)) == (2, {0: ("x",), 2: ("y",)})
    of_bad, of_empty, _ = data.notes
    assert names(of_bad, "mail.csv", 1, "row 2")
    assert names(of_empty, "mail.csv", 3, 1)


def test_the_named_encoding_holds_for_the_files_that_are_not_in_unicode(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("text,label\nà bientôt,x\nb,y\n", encoding="cp1252")
    (tmp_path / "test.csv").write_text("text,label\ndéjà vu,x\n", encoding="utf-8")
    files = {"dataset": str(tmp_path / "mail.csv"), "test": str(tmp_path / "test.csv")}

    data = prepared(tmp_path, encoding="cp1252", **files)

    assert data.test is not None
    read = [OpenSnapshot.open(tmp_path / each.uri).all_texts() for each in (data.pool, data.test)]
    assert read == [["à bientôt", "b"], ["déjà vu"]]


def test_near_copies_that_are_left_out_are_counted_in_the_snapshot(tmp_path: Path) -> None:
    texts = [f"your order {number} has left our warehouse in Leipzig today" for number in range(5)]
    (tmp_path / "mail.csv").write_text("\n".join(["text", "lunch at noon?", "", *texts]))
    options = {"dataset": str(tmp_path / "mail.csv"), "labels": ("x", "y")}

    left_out, kept = (prepared(tmp_path, drop_near_copies=drop, **options).pool for drop in (True, False))

    assert (left_out.size, left_out.dropped_near_copies) == (2, 4)
    assert (kept.size, kept.dropped_near_copies) == (6, 0)


def test_it_is_told_what_is_done_with_how_many_texts(tmp_path: Path) -> None:
    mail = tmp_path / "mail.csv"
    mail.write_text("text,label\nwin,spam\nwin,spam\nlunch?,ham\n")
    told: list[str] = []

    prepare_data(ProjectOptions.of({"dataset": str(mail)}), tmp_path, True, told.append)

    reading, duplicates, near_copies, storing = told
    assert names(reading, str(mail))
    assert names(duplicates, "duplicates", "3")
    assert names(near_copies, "near-copies", "2")
    assert names(storing, "2")


SUBJECTS = "subject,body,label,team\nWin,a prize,spam,3\nLunch,?,ham,\nWin,a prize,spam,4\n"


def test_texts_that_the_model_cannot_tell_apart_are_one(tmp_path: Path) -> None:
    """The first of them is asked, with its columns."""
    (tmp_path / "mail.csv").write_text(SUBJECTS)
    columns = {"text_column": ("subject", "body"), "metadata_column": ("team",)}

    data = prepared(tmp_path, dataset=str(tmp_path / "mail.csv"), **columns)

    pool = OpenSnapshot.open(tmp_path / data.pool.uri)
    assert pool.all_texts() == ["Win\n\na prize", "Lunch\n\n?"]
    assert pool.kept_values([0, 1]) == {
        "subject": ["Win", "Lunch"],
        "body": ["a prize", "?"],
        "team": ["3", None],
    }
    assert (data.text_columns, data.metadata) == (("subject", "body"), {"team": "integer"})
    assert data.pool.dropped_duplicate == 1
    assert any(names(note, "team", "integer") for note in data.notes)


def test_a_text_of_one_column_is_stored_as_ever(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text(SUBJECTS)
    given = {"dataset": str(tmp_path / "mail.csv")}

    one = prepared(tmp_path, **given, text_column="subject")

    assert OpenSnapshot.open(tmp_path / one.pool.uri).kept_columns == ()
    assert one.pool.digest == "31f79db58f45055734e45b76b315161e7e9261cd2905241da99bd914218c6a9a"


@pytest.mark.parametrize(
    ("content", "columns", "told"),
    [
        ("text,label\na,spam\n", {}, ("test.csv", "'subject'", "--test-text-column")),
        ("text,label\na,spam\n", {"test_text_column": "text"}, ("--test-text-column", 1, 2)),
    ],
)
def test_a_test_set_has_the_columns_of_a_text(
    tmp_path: Path, content: str, columns: dict[str, str], told: tuple[str | int, ...]
) -> None:
    (tmp_path / "mail.csv").write_text(SUBJECTS)
    (tmp_path / "test.csv").write_text(content)
    files = {"dataset": str(tmp_path / "mail.csv"), "test": str(tmp_path / "test.csv")}

    with raises_naming(UserError, *told):
        prepared(tmp_path, **files, text_column=("subject", "body"), **columns)


def test_the_columns_of_the_test_set_may_have_other_names(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text(SUBJECTS)
    (tmp_path / "test.csv").write_text("a,b,label\nBuy,pills,spam\n")
    files = {"dataset": str(tmp_path / "mail.csv"), "test": str(tmp_path / "test.csv")}

    data = prepared(tmp_path, **files, text_column=("subject", "body"), test_text_column=("a", "b"))

    assert data.test is not None
    assert OpenSnapshot.open(tmp_path / data.test.uri).all_texts() == ["Buy\n\npills"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"text_column": ("body", "subject", "body")}, ("--text-column", "'body'", "twice")),
        ({"metadata_column": ("team", "team")}, ("--metadata-column", "'team'", "twice")),
    ],
)
def test_columns_that_are_named_twice_are_told(columns: dict[str, object], told: tuple[str, ...]) -> None:
    with raises_naming(UserError, *told):
        ProjectOptions.of(columns)


@pytest.mark.parametrize("columns", [{}, {"text_column": "mail"}, {"text_column": ("from", "mail")}])
def test_a_column_of_the_texts_is_not_shown_once_more(tmp_path: Path, columns: dict[str, object]) -> None:
    path = tmp_path / "mail.jsonl"
    path.write_text('{"mail": "a", "from": 1}\n{"mail": "b", "from": 2}\n')

    with raises_naming(UserError, "--show-column", "'mail'"):
        prepared(tmp_path, dataset=str(path), labels=("x", "y"), show_column="mail", **columns)
