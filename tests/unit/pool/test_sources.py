"""Loading texts and labels from files."""

import bz2
import csv
import json
import lzma
import sys
import zipfile
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelloop.errors import UserError
from labelloop.pool.columns import Reading
from labelloop.pool.sources import load
from tests.support.files import file, json_lines, packed
from tests.support.messages import names, raises_naming

ARRAY = '[{"text": "a", "label": "x"}, {"text": "b", "label": null}]'
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PER_EXAMPLE = settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@PER_EXAMPLE
@given(texts=st.lists(STORABLE, min_size=1))
def test_json_lines_keep_any_text(tmp_path: Path, texts: list[str]) -> None:
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)

    table = load(file(tmp_path, "data.jsonl", lines))

    assert table.texts == texts
    assert table.labels is None


@PER_EXAMPLE
@given(texts=st.lists(STORABLE.map(lambda text: text.replace("\r", "")), min_size=1), tabs=st.booleans())
def test_csv_and_tsv_keep_any_text(tmp_path: Path, texts: list[str], tabs: bool) -> None:
    path = tmp_path / ("data.tsv" if tabs else "data.csv")
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter="\t" if tabs else ",")
        writer.writerows([("text", "label"), *((text, "a") for text in texts)])

    table = load(str(path))

    assert table.texts == texts
    assert table.labels == ["a"] * len(texts)


def test_parquet_reads_strings_dictionaries_and_numbers_as_labels(tmp_path: Path) -> None:
    table = pa.table({"text": pa.array(["a", "b", None]).dictionary_encode(), "label": [1, None, 0]})
    pq.write_table(table, tmp_path / "data.parquet")

    loaded = load(str(tmp_path / "data.parquet"))

    assert loaded.texts == ["a", "b", ""]
    assert loaded.labels == ["1", None, "0"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv.gz", packed(b"text,label\na,x\nb,\n")),
        ("data.csv", packed(b"text,label\na,x\nb,\n")),
        ("data.tsv.bz2", bz2.compress(b"text\tlabel\na\tx\nb\t\n")),
        ("data.jsonl.xz", lzma.compress(b'{"text": "a", "label": "x"}\n{"text": "b"}\n')),
        ("data.JSONL.GZ", packed(b'{"text": "a", "label": "x"}\n{"text": "b"}\n')),
        ("data.csv.gz", b"text,label\na,x\nb,\n"),
        ("data.jsonl", b'{"text": "a", "label": "x"}\r{"text": "b"}\r'),
        ("data.jsonl", '\ufeff{"text": "a", "label": "x"}\n\ufeff{"text": "b"}\n'),
        ("data.csv", "\ufeff\ufefflabel,text\nx,a\n,b\n"),
        ("data", '\ufeff{"text": "a", "label": "x"}\n{"text": "b"}\n'),
        ("data.json", ARRAY),
        ("data.jsonl", ARRAY.replace(",", ",\n")),
        ("data.json.gz", packed(ARRAY.encode())),
        *(
            (f"{orient}.json", pd.DataFrame(json.loads(ARRAY)).to_json(orient=orient, indent=indent))
            for orient in ("columns", "records", "index", "split", "table")
            for indent in (0, 2)
        ),
    ],
)
def test_files_are_read_as_people_have_them(tmp_path: Path, name: str, content: str | bytes) -> None:
    table = load(file(tmp_path, name, content))

    assert (table.texts, table.labels) == (["a", "b"], ["x", None])


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("data.txt", "win, a prize\r\n\nlunch?\tor not", ["win, a prize", "", "lunch?\tor not"]),
        ("data.txt.gz", packed(b"a\nb\n"), ["a", "b"]),
        ("data.json", '["a", "b"]', ["a", "b"]),
    ],
)
def test_plain_texts_need_no_column(
    tmp_path: Path, name: str, content: str | bytes, texts: list[str]
) -> None:
    table = load(file(tmp_path, name, content))

    assert (table.text_column, table.texts, table.labels) == ("text", texts, None)


@pytest.mark.parametrize("name", ["data.csv", "data.txt", "data"])
def test_parquet_is_known_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({"text": ["a", "b"]}), tmp_path / name)

    assert load(str(tmp_path / name)).texts == ["a", "b"]


def test_an_export_for_spreadsheets_that_one_has_saved_is_read_as_it_was(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: labelloop[excel]")
    book = openpyxl.Workbook()
    for row in [("text", "label", "safe_for_spreadsheets"), ("'=1+1", "'+", True), ("'tis", "a", True)]:
        book.active.append(row)
    book.save(tmp_path / "data.xlsx")

    table = load(str(tmp_path / "data.xlsx"))

    assert (table.texts, table.labels) == (["=1+1", "'tis"], ["+", "a"])


def test_an_excel_file_has_the_characters_that_excel_shows(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: labelloop[excel]")
    book = openpyxl.Workbook()
    for row in [("text",), ("two_x000D_\nlines",), ("_x005F_x0041_ and _x41_",)]:
        book.active.append(row)
    book.save(tmp_path / "data.xlsx")

    assert load(str(tmp_path / "data.xlsx")).texts == ["two\r\nlines", "_x0041_ and _x41_"]


@pytest.mark.parametrize("name", ["data.xlsx", "data.csv"])
def test_an_excel_file_is_known_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed: labelloop[excel]")
    book = openpyxl.Workbook()
    for row in (["body", " label "], ["win", 1], [None, None], ["lunch?", 0], ["see you"]):
        book.active.append(row)
    book.create_sheet("more")
    book.save(tmp_path / "data.xlsx")
    (tmp_path / "data.xlsx").rename(tmp_path / name)

    table = load(str(tmp_path / name))

    assert (table.texts, table.labels) == (["win", "lunch?", "see you"], ["1", "0", None])
    (note,) = table.notes
    assert names(note, name, 2, "'Sheet'")


def test_an_excel_file_without_its_reader_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with zipfile.ZipFile(tmp_path / "data.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")

    with raises_naming(UserError, "data.xlsx", "labelloop[excel]"):
        load(str(tmp_path / "data.xlsx"))


def test_another_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as archive:
        archive.writestr("mail.csv", "text\na\n")

    with raises_naming(UserError, "mail.zip", "zip", "unpack"):
        load(str(tmp_path / "mail.zip"))


def test_a_very_long_text_is_read(tmp_path: Path) -> None:
    text = "long " * 500_000

    assert load(file(tmp_path, "data.csv", f"text\n{text}\n")).texts == [text]


def test_the_only_column_of_strings_is_the_text(tmp_path: Path) -> None:
    source = json_lines(tmp_path, {"id": 1, "body": "a", "label": "x"}, {"id": 2, "body": None, "label": "y"})

    table = load(source)

    assert (table.text_column, table.label_column) == ("body", "label")
    assert table.texts == ["a", ""]


def test_an_empty_label_column_means_none(tmp_path: Path) -> None:
    table = load(json_lines(tmp_path, {"text": "a", "label": "x"}), label_column="")

    assert table.labels is None


def test_labels_are_tidied_and_missing_ones_are_none(tmp_path: Path) -> None:
    values = [" x ", "", None, 3, 2.0, True, "cafe\u0301"]
    source = json_lines(tmp_path, *({"text": "a", "label": value} for value in values))

    assert load(source).labels == ["x", None, None, "3", "2", "True", "café"]


def test_whole_numbers_are_the_same_labels_from_every_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": list("abcd"), "label": [0, 1, None, 1.5]})
    frame.to_csv(tmp_path / "data.csv")
    frame.to_parquet(tmp_path / "data.parquet")
    frame.to_json(tmp_path / "data.json")
    plain = pd.DataFrame({"text": ["a", "b"], "label": [0, 1]})
    plain.to_parquet(tmp_path / "whole.parquet")

    for name in ("data.csv", "data.parquet", "data.json"):
        assert load(str(tmp_path / name)).labels == ["0", "1", None, "1.5"], name
    assert load(str(tmp_path / "whole.parquet")).labels == ["0", "1"]
    content = "text,label\na,1.10\nb,007\nc, 2.00\nd,v1.0\n"
    assert load(file(tmp_path, "mail.csv", content)).labels == ["1.10", "007", "2", "v1.0"]


def test_several_columns_are_one_text(tmp_path: Path) -> None:
    rows = [
        {"subject": "Refund", "body": "Please", "to": 7},
        {"subject": " ", "body": "Hello", "to": None},
        {"subject": None, "body": "", "to": 8},
    ]
    path = file(tmp_path, "mail.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))

    table = load(path, ("subject", "body"), keep={"subject": "--text-column", "to": "--show-column"})

    assert (table.text_columns, table.text_column) == (("subject", "body"), "subject")
    assert table.texts == ["Refund\n\nPlease", "Hello", ""]
    assert table.kept_columns == {"subject": ["Refund", " ", None], "to": ["7", None, "8"]}
    assert load(path, ("body", "subject")).texts[0] == "Please\n\nRefund"


def test_a_row_is_bad_if_one_of_its_columns_is(tmp_path: Path) -> None:
    rows = [{"subject": ["a"], "body": "Please"}, {"subject": "b", "body": "Hello"}]
    path = file(tmp_path, "mail.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))

    with raises_naming(UserError, path, "'subject'", "--text-column", 1):
        load(path, ("subject", "body"))
    table = load(path, ("subject", "body"), reading=Reading(skip_bad_rows=True))

    assert (table.texts, table.bad) == (["", "b\n\nHello"], 1)


@pytest.mark.parametrize("option", ["--text-column", "--show-column", "--metadata-column"])
def test_a_column_that_is_not_there_is_told_with_its_option(tmp_path: Path, option: str) -> None:
    path = file(tmp_path, "mail.csv", "subject,body\na,b\n")

    with raises_naming(UserError, path, "'from'", option, "'subject', 'body'"):
        if option == "--text-column":
            load(path, ("subject", "from"))
        else:
            load(path, ("subject",), keep={"from": option})
