"""Rows and files that cannot be read: counted, left out when asked, and said in one line."""

from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.pool.columns import Reading
from labelloop.pool.sources import load
from tests.support.files import file, json_lines, packed
from tests.support.messages import names, raises_naming


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        (
            "mail.csv",
            b'text,label\na,x\nb\0,x\nc,x,y\n"d" d,x\ne,x\nf\xff,x\n',
            (4, "row 2", "line 4", "line 5", "row 6"),
        ),
        (
            "mail.jsonl",
            b'{"text": "a"}\n{"text": "\\ud83d"}\nnope\n\n{"text": "e"}\n["x"]\n{"text": []}\n',
            (4, "row 2", "line 3", "line 6", "row 6"),
        ),
        ("mail.txt", b"a\n\xff\nb\0\n\ne", (2, "row 2", "row 3")),
        ("mail.csv", b'text;label\na;x\n"b" b\n"c";"\n";y\ne;y\n', (2, "line 3", "lines 4 to 5")),
    ],
)
def test_bad_rows_are_counted_and_can_be_left_out(
    tmp_path: Path, name: str, content: bytes, facts: tuple[object, ...]
) -> None:
    source = file(tmp_path, name, content)
    with raises_naming(UserError, name, "--skip-bad-rows"):
        load(source)

    table = load(source, reading=Reading(skip_bad_rows=True))

    (note,) = table.notes
    assert names(note, name, *facts)
    assert (table.bad, [text for text in table.texts if text]) == (facts[0], ["a", "e"])
    assert table.texts[table.texts.index("e") :] in (["e"], ["e", ""], ["e", "", ""])


def test_the_error_counts_all_bad_rows_by_their_kind(tmp_path: Path) -> None:
    texts = [{"text": "a"}, {"text": "b\0"}, {"text": "\ud83d"}, {"text": ["x"]}, *[{"text": "\0"}] * 9]

    with raises_naming(
        UserError, 12, "row 2, row 3, row 5 …", "row 4", "list", "--text-column", "--skip-bad-rows"
    ):
        load(json_lines(tmp_path, *texts))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mail.csv", "text,label\ncaf\xe9,x\nth\xe9,y\n"),
        ("mail.txt", "caf\xe9\nth\xe9\n"),
        ("mail.jsonl", '{"text": "caf\xe9"}\n{"text": "th\xe9"}\n'),
        ("mail.csv", "caf\xe9\ntea\n"),
    ],
)
def test_a_file_in_another_encoding_is_none_of_bad_rows(tmp_path: Path, name: str, content: str) -> None:
    source = file(tmp_path, name, content.encode("latin-1"))

    for reading in (Reading(), Reading(skip_bad_rows=True)):
        with raises_naming(UserError, source, "save", "UTF-8") as raised:
            load(source, reading=reading)
        assert "--skip-bad-rows" not in str(raised.value)


def test_few_lines_of_another_encoding_may_be_left_out(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.txt", b"tea\n" * 20 + b"caf\xe9\n")

    with raises_naming(UserError, source, "UTF-8", "--skip-bad-rows"):
        load(source)


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("text,label\na,x,y\nb,x,y\n", ("line 2, line 3", "name all columns in the header")),
        ('text,label\n"a" b,x\n"b" c,x\n', ("line 2, line 3", "quote")),
    ],
)
def test_where_every_row_is_bad_they_cannot_be_left_out(
    tmp_path: Path, content: str, facts: tuple[str, ...]
) -> None:
    source = file(tmp_path, "mail.csv", content)

    for reading in (Reading(), Reading(skip_bad_rows=True)):
        with raises_naming(UserError, source, *facts) as raised:
            load(source, reading=reading)
        assert "--skip-bad-rows" not in str(raised.value)


def test_lines_of_another_encoding_are_bad_rows_where_the_file_is_in_utf8(tmp_path: Path) -> None:
    good = "text,note\nété,a\nnoël,b\nœuf,c\n".encode()
    one = file(tmp_path, "one.csv", good + b"caf\xe9,d\nb\0,e\n")
    beside = file(tmp_path, "beside.csv", good + b"plain,\xe9\n")

    with raises_naming(UserError, one, 2, "row 4, row 5", "--skip-bad-rows"):
        load(one)
    assert load(beside).texts == ["été", "noël", "œuf", "plain"]


def test_a_quote_that_is_not_closed_is_never_left_out(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.csv", 'text\na\n"b\nc\nd\n')

    with raises_naming(UserError, source, "lines 3 to 5"):
        load(source, reading=Reading(skip_bad_rows=True))


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        ("data.jsonl", "", ()),
        ("data.csv", "", ()),
        ("data.xlsx", "x", (".jsonl", ".csv", ".parquet")),
        ("data.jsonl", '{"text": "a"}\nnope\n', ("line 2", "JSON")),
        ("data.jsonl", '{"text": "a"}\n"b"\n', ("line 2", "object")),
        ("data.jsonl", '[\n{"text": "a"}\n', ("JSON",)),
        ("data.json", '[["a"]]', ("objects",)),
        ("data.jsonl", '{"text": ["a"]}', ("row 1", "'text'", "list", "--text-column")),
        (
            "data.jsonl",
            '{"text": "a", "label": ["x"]}\n{"text": "b", "label": "y"}',
            ("row 1", "'label'", "list", "--label-column", "--task multi-label"),
        ),
        ("data.jsonl", '{"text": "a"}\n{"text": "b\\u0000"}', ("row 2", "'text'", "NUL")),
        ("data.jsonl", '{"text": "\\ud83d"}', ("row 1", "'text'", "surrogate")),
        ("data.jsonl", '{"text": "a", "label": "\\u0000"}', ("row 1", "'label'", "NUL")),
        ("data.jsonl", '{"a": "x", "b": "y"}', ("'text'", "--text-column", "'a', 'b'")),
        ("data.jsonl", "\n\n", ("rows",)),
        ("data.csv", "\n\n", ("rows",)),
        ("data.csv.gz", packed(b""), ("rows",)),
        ("data.jsonl", "text\na\n", ("line 1, line 2", "one object per line")),
        ("data.csv", '{"text": "a", "label": "x"}\n', (".jsonl",)),
        ("data.csv", '[\n{"text": "a"}\n]\n', (".json",)),
        ("data.csv", "<!DOCTYPE html>\n<html></html>\n", ("web page",)),
        ("data.parquet", '\ufeff<?xml version="1.0"?>\n', ("XML",)),
        ("data.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", ("git lfs pull",)),
        ("data.csv", bytes(64), ("zero bytes",)),
        ("data.csv", "a,b\n1,2\n", ("'text'", "--text-column", "'a', 'b'")),
        ("data.csv", "text,text\na,b\n", ("two", "'text'")),
        ("data.csv", "text,label\na,b,c\n", ("line 2",)),
        ("data.csv", 'text\n"never closed\n', ("line 2",)),
        ("data.csv", "text\ncaf\xe9\n".encode("latin-1"), ("UTF-8", 1, 2, "line 2")),
        ("data.csv", "текст;метка\nпривет;а\n".encode("cp1251"), ("UTF-8", 2, "line 1")),
        ("data.parquet", "PAR1 not really", ("Parquet",)),
        ("data.parquet", "text\na\n", ("Parquet",)),
        ("data.xlsx", b"PK\x03\x04 cut off", ("unpacked",)),
        ("data.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (".xlsx",)),
        ("data.csv", b"%PDF-1.7", ("PDF", ".txt")),
        ("data.csv.gz", packed(b"text\na\n")[:-9], ("unpacked",)),
        ("data.csv.gz", packed(b"PAR1"), ("unpack",)),
        ("data.csv.gz", packed("text\ncaf\xe9\n".encode("latin-1")), ("UTF-8", "line 2")),
        ("data.txt", "win\tspam\nlunch?\tham\n", (".tsv",)),
        ("data.txt", "text;label\nwin;spam\n", (".csv",)),
        ("data.txt", '{"text": "a"}\n', (".jsonl",)),
    ],
)
def test_a_bad_file_is_said_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, facts: tuple[str, ...]
) -> None:
    source = file(tmp_path, name, content)

    with raises_naming(UserError, source, *facts):
        load(source)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"text_column": "body"}, ("'body'", "--text-column", "'text', 'label'")),
        ({"label_column": "kind"}, ("'kind'", "--label-column", "'text', 'label'")),
        ({"split": "train"}, ("'train'",)),
        ({"config": "en"}, ("config", "Hub")),
        ({"revision": "main"}, ("revision", "Hub")),
    ],
)
def test_options_that_do_not_fit_are_said(
    tmp_path: Path, options: dict[str, Any], facts: tuple[str, ...]
) -> None:
    source = json_lines(tmp_path, {"text": "a", "label": "x"})

    with raises_naming(UserError, source, *facts):
        load(source, **options)


@pytest.mark.parametrize("source", ["gone.csv", "./gone", "/a/b/c", "a/b/c.jsonl", ""])
def test_a_missing_file_is_said(source: str) -> None:
    with raises_naming(UserError, repr(source), Path.cwd()):
        load(source)
