"""What may be asked of a server, and how much of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.serving.limits import Limits, Refusal
from labelloop.serving.requests import Question, example, read
from tests.support.messages import names, raises_naming

COLUMNS = ("subject", "body")
LIMITS = Limits(texts=3)


def refused(body: bytes, columns: tuple[str, ...] = ()) -> Refusal:
    with pytest.raises(Refusal) as raised:
        read(body, columns, LIMITS)
    assert "\n" not in raised.value.sentence
    return raised.value


def test_texts_are_read_as_they_are() -> None:
    assert read(b'{"texts": ["a", " ", "\\ud83c\\udf0d"]}', (), LIMITS) == Question(("a", " ", "🌍"))
    assert read(b'{"texts": [], "all_probabilities": true}', ("body",), LIMITS) == Question((), True)


def test_columns_are_joined_as_the_model_learned_them() -> None:
    body = {"texts": [{"body": "b", "subject": "a"}, {"subject": None, "body": "b"}, {}]}

    question = read(json.dumps(body).encode(), COLUMNS, LIMITS)

    assert question.texts == ("a\n\nb", "b", "")


def test_another_column_is_named_and_so_are_those_there_are() -> None:
    assert names(refused(b'{"texts": [{"subject": "a", "title": "b"}]}', COLUMNS), "title", *COLUMNS)
    assert refused(b'{"texts": ["a"]}', COLUMNS).status == 422
    assert refused(b'{"texts": [{"subject": 1}]}', COLUMNS).status == 422


def test_the_example_can_be_sent() -> None:
    for columns in ((), ("text",), COLUMNS):
        assert len(read(example(columns).encode(), columns, LIMITS).texts) == 1


def test_more_texts_than_there_may_be_are_counted() -> None:
    error = refused(b'{"texts": ["a", "b", "c", "d"]}')

    assert (error.status, names(error, 4, 3)) == (413, True)


JSON = st.recursive(st.none() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())


@given(st.binary(max_size=200) | JSON)
def test_whatever_comes_is_read_or_refused_in_one_short_sentence(body: bytes) -> None:
    for columns in ((), COLUMNS):
        error = None
        try:
            read(body, columns, LIMITS)
        except Refusal as refusal:
            error = refusal
        assert error is None or error.status in (400, 413, 422)
        assert error is None or (len(error.sentence) < 700 and error.sentence.isprintable())


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        (b'{"texts": ["whole \\ud83d\\ude00", "half \\ud83d"]}', ("text",)),
        (b'{"texts": [{"title": "x"}, {"title": "half \\ude00", "body": null}]}', ("title", "body")),
    ],
)
def test_half_a_surrogate_pair_is_told_with_its_text(body: bytes, columns: tuple[str, ...]) -> None:
    with raises_naming(Refusal, "texts[1]", "surrogate") as raised:
        read(body, columns, Limits())
    assert raised.value.status == 422
