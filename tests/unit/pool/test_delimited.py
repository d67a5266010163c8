"""Separators, headers, quotes and escapes of CSV and its relatives."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.pool.columns import Reading
from labelloop.pool.sources import load
from tests.support.files import file
from tests.support.messages import names, raises_naming


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


def test_with_a_stated_separator_a_column_s_quoted_name_may_hold_one(tmp_path: Path) -> None:
    lines = ('"of; mail";kind', '"hello; you";a', '"see; you";b')

    table = load(file(tmp_path, "mail.csv", "\n".join(["sep=;", *lines])), "of; mail", "kind")
    only = load(file(tmp_path, "only.csv", 'sep=;\n"of; mail"\nhello\nworld\n'))

    assert (table.texts, table.labels) == (["hello; you", "see; you"], ["a", "b"])
    assert (only.text_column, only.texts) == ("of; mail", ["hello", "world"])


def test_a_stated_separator_within_quotes_around_whole_lines_is_told(tmp_path: Path) -> None:
    """Annotators would see the true labels."""
    for rows in ('"win;spam"\n"lunch;ham"\n', '"win;spam"\n"lunch"\n'):
        with raises_naming(UserError, "mail.csv", "'text;label'", "quotes"):
            load(file(tmp_path, "mail.csv", f'sep=;\n"text;label"\n{rows}'))


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


@pytest.mark.parametrize("separator", ["#", "~", "^", ":", "\x01"])
def test_an_only_column_that_holds_another_separator_is_refused(tmp_path: Path, separator: str) -> None:
    """Annotators would see the true labels."""
    lines = "text#label\nwin a prize#spam\nlunch?#\nsee you#ham\n".replace("#", separator)

    with raises_naming(UserError, "mail.csv", repr(f"text{separator}label"), "rename"):
        load(file(tmp_path, "mail.csv", lines))

    table = load(file(tmp_path, "mail.csv", f"sep={separator}\n{lines}"))
    assert (table.texts, table.labels) == (["win a prize", "lunch?", "see you"], ["spam", None, "ham"])


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("e-mail", ["win a prize", "lunch?"]),
        ("data.text", ["It rains.", "It snows."]),
        ("question?", ["how?", "why?"]),
        ("a#b", ["c#d", "#e#f"]),
    ],
)
def test_the_name_of_an_only_column_may_hold_other_characters(
    tmp_path: Path, name: str, texts: list[str]
) -> None:
    assert load(file(tmp_path, "mail.csv", "\n".join([name, *texts]))).texts == texts


def test_a_header_that_stands_in_the_file_again_is_a_bad_row(tmp_path: Path) -> None:
    """Two files were put together."""
    one = "\ufefftext,label\nwin,spam\nlunch?,ham\n"
    source = file(tmp_path, "mail.csv", one + one)

    with raises_naming(UserError, source, "row 3", "--skip-bad-rows"):
        load(source)
    table = load(source, reading=Reading(skip_bad_rows=True))
    assert table.labels == ["spam", "ham", None, "spam", "ham"]


def test_empty_fields_behind_those_of_the_header_do_not_count(tmp_path: Path) -> None:
    table = load(file(tmp_path, "mail.csv", "text,label\nwin,spam,\nlunch?,ham,,\n"))

    assert (table.texts, table.labels) == (["win", "lunch?"], ["spam", "ham"])


def test_spaces_before_quotes_do_not_count(tmp_path: Path) -> None:
    lines = 'text, label, note\n"win, now", "spam", "a, b"\n"lunch?", "ham", "c"\n'
    table = load(file(tmp_path, "mail.csv", lines))

    assert (table.texts, table.labels) == (["win, now", "lunch?"], ["spam", "ham"])
    each = load(file(tmp_path, "mail.csv", 'label, text\n"x", "a, b"\n"y", "c, d"\n'))
    assert each.texts == ["a, b", "c, d"]
    one = load(file(tmp_path, "mail.csv", 'label,text\nx, she said "hi"\ny, bye\n'))
    assert one.texts == [' she said "hi"', " bye"]


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
    with raises_naming(UserError, "mail.csv", "'win, now'", "--no-header"):
        load(file(tmp_path, "mail.csv", '"win, now",spam\n"lunch, or not",ham\n'))

    for content, column in (("text\na\n", None), ("body\na\n", "body"), ("body,label\na,x\n", None)):
        assert load(file(tmp_path, "mail.csv", content), column).notes == ()


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


@pytest.mark.parametrize("name", ["one.csv", "one.tsv"])
def test_a_file_of_one_column_is_one_text_a_line_where_the_separator_is_not_quoted(
    tmp_path: Path, name: str
) -> None:
    lines = ["text", "Dear all, see you, bye", "lunch?", '"a ""b"", c', 'and d"', "x; y", "5,5"]
    content = "\n".join(lines)
    expected = ["Dear all, see you, bye", "lunch?", 'a "b", c\nand d', "x; y", "5,5"]
    if name.endswith(".tsv"):
        content, expected = content.replace(",", "\t"), [text.replace(",", "\t") for text in expected]

    table = load(file(tmp_path, name, content))

    assert (table.text_column, table.texts, table.bad) == ("text", expected, 0)
    assert [names(note, name, "2") for note in table.notes] == [True]


def test_a_header_that_names_too_few_columns_is_refused(tmp_path: Path) -> None:
    """The true labels would stand in the texts."""
    source = file(tmp_path, "mail.csv", "text\nwin a prize,spam\nlunch?,ham\n")

    with raises_naming(UserError, source, "more fields than the header"):
        load(source)


def test_rows_without_all_fields_are_told_where_no_header_says_how_many(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.csv", "Dear all, see you\nlunch?\n")

    (note,) = load(source, "1", reading=Reading(no_header=True)).notes

    assert names(note, "mail.csv", "1 row")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dump.tsv", "text\tlabel\none\\\ntwo\tham\nthree\\\tfour\tspam\nfive \\\\ six\t\\N\n"),
        ("dump.csv", "text,label\none\\\ntwo,ham\nthree\\,four,spam\nfive \\\\ six,\\N\n"),
    ],
)
def test_separators_and_newlines_escaped_by_a_backslash_are_read_without_any_quote(
    tmp_path: Path, name: str, content: str
) -> None:
    table = load(file(tmp_path, name, content))

    separator = "," if name.endswith(".csv") else "\t"
    assert table.texts == ["one\ntwo", f"three{separator}four", "five \\ six"]
    assert table.labels == ["ham", "spam", None]


def test_a_backslash_before_a_separator_is_itself_where_all_rows_are_whole(tmp_path: Path) -> None:
    table = load(file(tmp_path, "mail.csv", "text,label\nC:\\,x\nlunch?\nD:\\,y\n"))

    assert (table.texts, table.labels) == (["C:\\", "lunch?", "D:\\"], ["x", None, "y"])
