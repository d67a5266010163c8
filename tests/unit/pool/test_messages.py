"""Messages as rows of a project, also hostile ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.errors import UserError
from labelloop.pool.label_cells import Cells
from labelloop.pool.messages import MessageColumns, Taken, TopicMessage, next_offsets, take
from tests.support.messages import names

ALONE = MessageColumns(("text",))
MAIL = MessageColumns(
    ("subject", "body"),
    "kind",
    ("subject", "body", "team", "year"),
    ("spam", "ham"),
    Cells(several=False),
    {"year": "integer"},
)
GOOD = {"subject": "s", "body": "b", "kind": "ham", "team": "x", "year": 2026}


def messages(*values: Any, first: int = 10) -> list[TopicMessage]:
    """Objects as JSON, texts in UTF-8, and what is there already as bytes."""
    return [
        TopicMessage(0, first + number, each if isinstance(each, bytes | None) else _bytes(each))
        for number, each in enumerate(values)
    ]


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def reason(taken: Taken) -> str:
    assert isinstance(taken.refused, UserError)
    return str(taken.refused)


def test_a_text_alone_may_come_as_it_is_as_json_or_in_an_object() -> None:
    taken = take(
        "mail", messages("a <b>", '"a\\nb"', {"text": "c", "more": 1}, "42", "[1]", "{not", ""), ALONE
    )

    assert taken.table.texts == ["a <b>", "a\nb", "c", "42", "[1]", "{not", ""]
    assert (taken.refused, taken.table.numbers) == (None, list(range(10, 17)))


def test_the_columns_of_an_object_are_those_of_a_file() -> None:
    absent = {name: GOOD[name] for name in ("subject", "body")}
    taken = take("mail", messages(GOOD, absent, {**GOOD, "body": None, "team": ["x", "y"], "kind": ""}), MAIL)

    assert taken.table.texts == ["s\n\nb", "s\n\nb", "s"]
    assert taken.table.labels == ["ham", None, None]
    assert taken.table.kept_columns["team"] == ["x", None, '["x", "y"]']
    assert taken.table.kept_columns["year"] == ["2026", None, "2026"]


def test_tombstones_are_no_rows() -> None:
    taken = take("mail", messages(None, "a", None), ALONE)

    assert (taken.table.texts, taken.table.numbers, len(taken.messages)) == (["a"], [11], 3)


HOSTILE: dict[str, tuple[Any, MessageColumns, tuple[str, ...]]] = {
    "not UTF-8": (b"\xff\xfea", ALONE, ("UTF-8",)),
    "NUL": ("a\0b", ALONE, ("'text'", "NUL")),
    "half a surrogate pair": (b'"\\ud800"', ALONE, ("'text'",)),
    "half a pair in a column": (b'{"subject":"s","body":"b","team":"\\udfff"}', MAIL, ("'team'",)),
    "no object": ("text", MAIL, ("object",)),
    "a list": ([GOOD], MAIL, ("object",)),
    "framed": (b"\0\0\0\0\1{}", MAIL, ("object",)),
    "cut off": (b'{"subject":"s","bo', MAIL, ("object",)),
    "deep": (b"[" * 100_000, MAIL, ("object",)),
    "deep within": (b'{"subject":"s","body":' + b"[" * 100_000 + b"]" * 100_000 + b"}", MAIL, ("object",)),
    "a long number": (b'{"subject":"s","body":' + b"1" * 100_000 + b"}", MAIL, ("object",)),
    "no column": ({"body": "b"}, MAIL, ("'subject'",)),
    "a text that is none": ({**GOOD, "body": {"html": "b"}}, MAIL, ("'body'", "dict")),
    "a truth": ({**GOOD, "body": True}, MAIL, ("'body'", "bool")),
    "an unknown label": ({**GOOD, "kind": "junk"}, MAIL, ("'kind'", "'junk'")),
    "a label that is none": ({**GOOD, "kind": ["ham"]}, MAIL, ("'kind'", "list")),
    "no number": ({**GOOD, "year": "next"}, MAIL, ("'year'", "'next'", "integer")),
}


@pytest.mark.parametrize(("value", "wanted", "told"), HOSTILE.values(), ids=HOSTILE)
def test_a_message_that_cannot_be_used_is_named_and_what_came_before_is_taken(
    value: Any, wanted: MessageColumns, told: tuple[str, ...]
) -> None:
    good: Any = "fine" if wanted is ALONE else GOOD
    given = messages(good, None, value, good)

    taken = take("mail", given, wanted)

    assert names(reason(taken), "mail", "partition 0", "offset 12", "--skip-bad-rows", *told)
    assert len(reason(taken)) < 500
    assert (len(taken.table.texts), taken.messages) == (1, given[:2])
    assert next_offsets({0: 5, 3: 1}, taken.messages) == {0: 12, 3: 1}

    skipping = take("mail", given, wanted, skip_bad=True)
    assert (skipping.refused, skipping.table.bad, skipping.table.texts[1]) == (None, 1, "")
    assert names(skipping.table.notes[0], "1 message left out", "offset 12", *told)
    assert next_offsets({}, skipping.messages) == {0: 14}


def test_all_may_be_bad() -> None:
    given = messages("a\0", "b\0")

    assert take("mail", given, ALONE).table.texts == []
    assert take("mail", given, ALONE, skip_bad=True).table.texts == ["", ""]


def test_of_two_labels_of_a_text_the_first_stays() -> None:
    """Where a portion ends is chance: the second may as well come when the text is in the pool."""
    taken = take("mail", messages({**GOOD, "kind": None}, GOOD, {**GOOD, "kind": "spam"}), MAIL)

    assert taken.table.labels == [None, "ham", None]


def test_a_column_that_no_message_has_is_told() -> None:
    taken = take("mail", messages({**GOOD, "team": None}), MAIL)

    assert names(taken.table.notes[0], "'team'", 1)


def test_depth_that_can_be_read_can_be_kept_or_is_refused() -> None:
    for depth in range(200, 60_000, 733):
        value = b'{"text":"a","team":' + b"[" * depth + b"]" * depth + b"}"
        taken = take("mail", messages(value), MessageColumns(("text",), None, ("team",)))
        assert taken.refused is not None or taken.table.texts == ["a"]


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode), st.booleans())
def test_any_bytes_are_taken_or_refused(value: bytes, alone: bool) -> None:
    taken = take("mail", messages(value), ALONE if alone else MAIL)

    assert taken.refused is not None or len(taken.table.texts) == 1
    for text in taken.table.texts:
        text.encode()
        assert "\0" not in text
