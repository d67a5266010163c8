"""Loading texts and labels from files."""

import bz2
import csv
import gzip
import json
import lzma
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelloop.errors import UserError
from labelloop.pool.columns import Reading
from labelloop.pool.sources import load
from tests.support.messages import names, raises_naming


def packed(content: bytes) -> bytes:
    """By gzip, and the same bytes each time: they are a part of a test's name."""
    return gzip.compress(content, mtime=0)


ARRAY = '[{"text": "a", "label": "x"}, {"text": "b", "label": null}]'
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PER_EXAMPLE = settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def json_lines(folder: Path, *records: Any) -> str:
    return file(folder, "data.jsonl", "".join(json.dumps(record) + "\n" for record in records))


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


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_may_have_a_byte_order_mark_and_newlines_in_quotes(
    tmp_path: Path, mark: str, newline: str
) -> None:
    source = file(tmp_path, "mail.csv", newline.join([mark + "body,kind", '"a, ""b""\nc",spam', "d,ham", ""]))

    table = load(source, "body", "kind")

    assert table.texts == ['a, "b"\nc', "d"]
    assert table.labels == ["spam", "ham"]


def test_a_csv_with_semicolons_is_read(tmp_path: Path) -> None:
    table = load(file(tmp_path, "mail.csv", "text;label\na, b;x\nc;y\n"))

    assert table.texts == ["a, b", "c"]
    assert table.labels == ["x", "y"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["mail.csv", "mail.tsv"])
def test_the_separator_is_found_by_looking(tmp_path: Path, name: str, separator: str) -> None:
    lines = (
        ["text{0}label", "a, b; c{0}x", '"d{0}e"{0}y', "f | g{0}x"]
        if separator != "|"
        else ["text|label", "a|x"]
    )
    if separator in ",;":
        lines[1] = '"a, b; c"{0}x'

    table = load(file(tmp_path, name, "\n".join(lines).format(separator)))

    assert (table.text_column, table.label_column) == ("text", "label")
    assert table.labels == ["x", "y", "x"][: len(lines) - 1]


def test_a_line_may_state_the_separator(tmp_path: Path) -> None:
    for line in ("sep=|", '"sep=|"', "SEP=|\r"):
        table = load(file(tmp_path, "mail.csv", f"{line}\ntext;x|label\na|ham\n"), "text;x")
        assert (table.texts, table.labels) == (["a"], ["ham"])


@pytest.mark.parametrize(
    "content",
    [
        '"text;label"\nwin;spam\n',
        '"text\tlabel"\n"win\tspam"\n',
        'id,"text|label"\n1,win|spam\n',
        'id,"a;b"\n1,c;d\n',
    ],
)
def test_a_header_that_was_not_split_is_refused(tmp_path: Path, content: str) -> None:
    source = file(tmp_path, "mail.csv", content)

    with raises_naming(UserError, source):
        load(source)


def test_a_question_may_be_the_name_of_a_column(tmp_path: Path) -> None:
    asked = "How was it, overall?"

    table = load(file(tmp_path, "survey.csv", f'id,"{asked}"\n1,good\n2,"so, so"\n'), asked)

    assert table.texts == ["good", "so, so"]


def test_spaces_around_the_name_of_a_column_do_not_count(tmp_path: Path) -> None:
    assert load(file(tmp_path, "mail.csv", "text , label\na,x\n")).labels == ["x"]


def test_a_file_without_header_has_columns_by_number(tmp_path: Path) -> None:
    no_header = Reading(no_header=True)
    one = load(file(tmp_path, "one.csv", "win a prize\nlunch?\n"), reading=no_header)
    two = load(file(tmp_path, "two.csv", "spam;win, win\nham;lunch?\n"), "2", "1", reading=no_header)

    assert (one.text_column, one.texts, one.notes) == ("1", ["win a prize", "lunch?"], ())
    assert (two.texts, two.labels) == (["win, win", "lunch?"], ["spam", "ham"])


def test_a_header_that_may_be_a_text_is_told(tmp_path: Path) -> None:
    (note,) = load(file(tmp_path, "mail.csv", "win a prize\nlunch?\n")).notes
    assert names(note, "mail.csv", "'win a prize'", "--no-header")
    with raises_naming(UserError, "mail.csv", "--text-column", "--no-header"):
        load(file(tmp_path, "mail.csv", "win a prize,spam\nlunch?,ham\n"))

    for content, column in (("text\na\n", None), ("body\na\n", "body"), ("body,label\na,x\n", None)):
        assert load(file(tmp_path, "mail.csv", content), column).notes == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv.gz", packed(b"text,label\na,x\nb,\n")),
        ("data.csv", packed(b"text,label\na,x\nb,\n")),
        ("data.tsv.bz2", bz2.compress(b"text\tlabel\na\tx\nb\t\n")),
        ("data.jsonl.xz", lzma.compress(b'{"text": "a", "label": "x"}\n{"text": "b"}\n')),
        ("data.JSONL.GZ", packed(b'{"text": "a", "label": "x"}\n{"text": "b"}\n')),
        ("data.csv.gz", b"text,label\na,x\nb,\n"),
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


def test_an_escaped_quote_at_the_end_of_a_line_does_not_end_its_text(tmp_path: Path) -> None:
    table = load(file(tmp_path, "dump.csv", 'text,label\n"she said \\"\nhi\\"",ham\nb,x\n'))

    assert (table.texts, table.labels) == (['she said "\nhi"', "b"], ["ham", "x"])


@pytest.mark.parametrize("before", ["", "sep=,\n"])
def test_quotes_escaped_by_a_backslash_are_read(tmp_path: Path, before: str) -> None:
    lines = (
        "text,label",
        r'"she said \"hi\", twice",ham',
        r'"C:\\",\N',
        r'"a \"b\"\\',
        r'c",\N',
        r'\N,"N"',
        r'"its C:\temp\new",ham',
    )

    table = load(file(tmp_path, "dump.csv", before + "\n".join(lines)))

    assert table.texts == ['she said "hi", twice', "C:\\", 'a "b"\\\nc', "", "its C:\\temp\\new"]
    assert table.labels == ["ham", None, None, "N", "ham"]


def test_a_backslash_is_itself_where_quotes_are_doubled(tmp_path: Path) -> None:
    table = load(file(tmp_path, "mail.csv", 'text,label\n"C:\\",x\n"a \\""b\\"" c",\\N\n'))

    assert (table.texts, table.labels) == (["C:\\", 'a \\"b\\" c'], ["x", None])


def test_of_a_dump_with_a_bad_row_only_that_is_bad(tmp_path: Path) -> None:
    dump = 'text,label\n"a \\"b\\"",x\n"c"d,x\n"e \\"f\\"",y\n'

    table = load(file(tmp_path, "dump.csv", dump), reading=Reading(skip_bad_rows=True))

    assert (table.texts, table.bad) == (['a "b"', "", 'e "f"'], 1)


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
        ("data.jsonl", '{"text": "a", "label": ["x"]}', ("row 1", "'label'", "list", "--label-column")),
        ("data.jsonl", '{"text": "a"}\n{"text": "b\\u0000"}', ("row 2", "'text'", "NUL")),
        ("data.jsonl", '{"text": "\\ud83d"}', ("row 1", "'text'", "surrogate")),
        ("data.jsonl", '{"text": "a", "label": "\\u0000"}', ("row 1", "'label'", "NUL")),
        ("data.jsonl", '{"a": "x", "b": "y"}', ("'text'", "--text-column", "'a', 'b'")),
        ("data.jsonl", "\n\n", ()),
        ("data.csv", "a,b\n1,2\n", ("'text'", "--text-column", "'a', 'b'")),
        ("data.csv", "text,text\na,b\n", ("two", "'text'")),
        ("data.csv", "text,label\na,b,c\n", ("line 2",)),
        ("data.csv", 'text\n"never closed\n', ("line 2",)),
        ("data.csv", "text\ncaf\xe9\n".encode("latin-1"), ("UTF-8", 1, 2, "line 2")),
        ("data.csv", "текст;метка\nпривет;а\n".encode("cp1251"), ("UTF-8", 2, "line 1")),
        ("data.csv", "text\na\n".encode("utf-16"), ("iconv -f UTF-16 -t UTF-8",)),
        ("data.csv", "text\na\n".encode("utf-32"), ("iconv -f UTF-32 -t UTF-8",)),
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
