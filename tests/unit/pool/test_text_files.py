"""The encoding of a text: UTF-8, UTF-16 and UTF-32, with and without a byte order mark."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.pool import text_files
from labelloop.pool.columns import Reading
from labelloop.pool.sources import load
from tests.support.files import file, packed
from tests.support.messages import names, raises_naming

MARKED = ("utf-16", "utf-32")
TEXTS = {
    "English": ("win a prize, now", "lunch?"),
    "Russian": ("выиграй приз", "обед?"),
    "Chinese": ("一二三一", "第一个"),
    "Hindi": ("नमस्ते, आप", "धन्यवाद"),
    "emoji": ("😀 😀", "🎉🎉"),
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("encoding", [*MARKED, *text_files.UNMARKED])
def test_texts_in_utf16_and_utf32_are_read(tmp_path: Path, encoding: str, texts: tuple[str, str]) -> None:
    lines = "\r\n".join(texts).encode(encoding)
    table = "text;label\n" + "".join(f'"{text}";x\n' for text in texts)

    plain = load(file(tmp_path, "mail.txt", lines))
    csv = load(file(tmp_path, "mail.csv.gz", packed(table.encode(encoding))))

    assert plain.texts == csv.texts == list(texts)
    assert csv.labels == ["x", "x"]


@pytest.mark.parametrize("encoding", text_files.UNMARKED)
def test_an_encoding_that_no_mark_tells_is_told(tmp_path: Path, encoding: str) -> None:
    table = load(file(tmp_path, "mail.jsonl", '{"text": "a"}\n{"text": "é"}\n'.encode(encoding)))

    assert table.texts == ["a", "é"]
    (note,) = table.notes
    assert names(note, "mail.jsonl", text_files.encoding_name(encoding))


@pytest.mark.parametrize("encoding", MARKED)
def test_an_encoding_that_a_mark_tells_needs_no_word(tmp_path: Path, encoding: str) -> None:
    assert load(file(tmp_path, "mail.txt", "a\nb\n".encode(encoding))).notes == ()


@pytest.mark.parametrize(
    "content",
    [
        b"text,label\na\0b,x\nc,y\nd,x\n" + b"e,x\n" * 20,
        "text\nпривет\0\nпока\nещё\n".encode(),
        b"text,label\na\0b,x\nc\xff,y\nd,x\n",
        b"text,label\na,x\nb,y\n" + bytes(512),
        bytes(range(256)) * 4,
    ],
    ids=["a NUL", "a NUL beyond ASCII", "two kinds of damage", "NULs at the end", "no text"],
)
def test_zero_bytes_in_another_file_are_damage(content: bytes) -> None:
    assert text_files.encoding_of(content) == text_files.UTF_8


FRENCH, JAPANESE = ["Hello.", "Un café très cher à Paris"], ["こんにちは", "世界"]


def table(texts: list[str]) -> str:
    return "text,label\n" + "".join(f'"{text}",x\n' for text in texts)


@pytest.mark.parametrize(
    ("texts", "encoding"),
    [
        (FRENCH, "cp1252"),
        (["выиграй приз", "обед?"], "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "iso-2022-jp"),
    ],
)
def test_texts_are_read_in_the_encoding_that_is_named(
    tmp_path: Path, texts: list[str], encoding: str
) -> None:
    reading = Reading(encoding=encoding)
    lines = "".join(f'{{"text": "{text}"}}\n' for text in texts)

    csv = load(file(tmp_path, "mail.csv.gz", packed(table(texts).encode(encoding))), reading=reading)
    plain = load(file(tmp_path, "mail.txt", "\n".join(texts).encode(encoding)), reading=reading)
    json = load(file(tmp_path, "mail.jsonl", lines.encode(encoding)), reading=reading)

    assert csv.texts == plain.texts == json.texts == texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_in_unicode_is_read_as_such_whatever_is_named(tmp_path: Path, encoding: str) -> None:
    source = file(tmp_path, "test.csv", table(FRENCH).encode(encoding))

    assert load(source, reading=Reading(encoding="cp1252")).texts == FRENCH


def test_a_file_that_looks_like_cp1252_is_told_with_what_it_would_say(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.csv", table(FRENCH).encode("cp1252"))

    with raises_naming(UserError, source, 1, 3, "cp1252", "café", "--encoding cp1252"):
        load(source)


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp"])
def test_a_file_in_an_unknown_encoding_is_told_how_to_name_it(tmp_path: Path, encoding: str) -> None:
    source = file(tmp_path, "mail.csv", table(JAPANESE).encode(encoding))

    with raises_naming(UserError, source, 2, 3, "--encoding") as raised:
        load(source)

    assert not names(raised.value, "cp1252")


@pytest.mark.parametrize("encoding", ["ascii", "no-such", "hex", "a\0b"])
def test_an_encoding_that_is_another_or_none_is_told(tmp_path: Path, encoding: str) -> None:
    source = file(tmp_path, "mail.csv", table(FRENCH).encode("cp1252"))

    with raises_naming(UserError, "--encoding"):
        load(source, reading=Reading(encoding=encoding))


def test_a_text_in_utf16_that_is_cut_off_is_said(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.txt", "one\ntwo".encode("utf-16")[:-1])

    with raises_naming(UserError, source, "UTF-16"):
        load(source)


def test_half_a_surrogate_pair_in_utf16_is_a_bad_row(tmp_path: Path) -> None:
    source = file(tmp_path, "mail.txt", "one\n\ud83d\ntwo\n".encode("utf-16", "surrogatepass"))

    with raises_naming(UserError, source, "row 2", "--skip-bad-rows"):
        load(source)
    assert load(source, reading=Reading(skip_bad_rows=True)).texts == ["one", "", "two"]
