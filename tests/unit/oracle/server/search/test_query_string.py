"""The simple query string, held against what Elasticsearch's documentation says of each sign."""

import json

import pytest

from labelloop.oracle.server.search.query_string import Document, parse, words


def found(query: str, *texts: str, field: str | None = None) -> bool:
    asked = parse(query)
    fields = {f"field-{n}": text for n, text in enumerate(texts)}
    return asked is not None and asked.holds(Document(json.dumps(fields), field))


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("fox", "The quick brown FOX", True),
        ("FOX quick", "The quick brown fox", True),
        ("fox slow", "The quick brown fox", False),
        ("fo", "fox", False),
        ("fo*", "the fox", True),
        ("*", "the fox", False),
        ('"quick fox"', "quick fox", True),
        ('"quick fox"', "quick brown fox", False),
        ("fox -quick", "brown fox", True),
        ("fox -quick", "quick fox", False),
        ("cat | fox", "brown fox", True),
        ("cat + fox", "brown fox", False),
        ("(cat | fox) brown", "brown fox", True),
        ("(cat | fox) -brown", "brown fox", False),
        ("wi-fi", "my wi fi is slow", True),
        ("wi-fi", "my wi is slow", False),
        ("foks~1", "fox", False),
        ("foks~2", "fox", True),
        ("fxo~1", "fox", False),
        ("don't", "Don't panic", True),
        ("3.14", "pi is 3.14159 or 3.14", True),
        ("3", "pi is 3.14", False),
        ("straße", "In der STRASSE", False),
        ("straße", "In der Straße", True),
        ('say "hi', "hi, I say", True),
        ("(fox", "fox", True),
        ("fox)", "fox", True),
        ("fox ?", "fox", True),
        ("", "fox", False),
        ("- + | ()", "fox", False),
        ("cat | fox brown", "brown cat", True),
        ("cat | fox brown", "fox", False),
        ("brown cat | fox", "fox", True),
        ("| fox cat", "fox", False),
        ("--fox", "fox", True),
        ("-(cat | fox)", "fox", False),
        ("-(cat | fox)", "dog", True),
        ("-fox", "the dog", True),
        ("foks~02", "fox", True),
        ("foks~10", "fox", True),
        ("東", "東京に住む", True),
    ],
)
def test_a_query_holds_as_elasticsearch_has_it(query: str, text: str, expected: bool) -> None:
    assert found(query, text) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(" * 3000, False),
        ("(" * 3000 + "fox", True),
        ("(fox " * 3000, True),
        ("(" * 3000 + "fox" + ")" * 3000 + " cat", False),
        ("(" * 3000 + "fox" + ")" * 3000 + " | cat", True),
        ("-(" * 3000 + "fox", True),
        ("-" * 3001 + "fox", False),
        ("fox " * 3000, True),
        ("cat | fox " * 3000, True),
        ("fox~" + "1" * 5000, True),
    ],
)
def test_a_query_without_end_is_no_error(query: str, expected: bool) -> None:
    assert found(query, "fox") is expected


def test_a_fuzzy_word_is_as_far_as_the_edits_between_them() -> None:
    assert [found(f"{'x' * 5_000}~2", "x" * length) for length in (4997, 4998, 5002, 5003)] == [
        False,
        True,
        True,
        False,
    ]
    assert found("abcdef~2", "badcef") is False
    assert found("abcdef~2", "bcdefa") is True
    assert found("a~2", "bc") is True
    assert found("ab~0", "ab") is True


@pytest.mark.timeout(20)
def test_a_query_takes_time_in_proportion_to_the_text() -> None:
    long, many = "x" * 100_000, " ".join(f"word{n}" for n in range(2_000))

    assert not found("x" * 9_000 + "~2", long)
    assert not found(" | ".join("y" * 40 + "~2" for _ in range(2_000)), long, many)
    assert not found(" | ".join(f"wort{n}*" for n in range(1_000)), many)
    assert found(f"{many} " * 4 + "absent", many)


def test_words_may_lie_in_several_fields_but_a_phrase_in_one() -> None:
    assert found("quick fox", "quick", "fox")
    assert not found('"quick fox"', "quick", "fox")


def test_a_field_narrows_the_search() -> None:
    assert found("fox", "cat", "fox", field="field-1")
    assert not found("fox", "cat", "fox", field="field-0")


def test_the_words_of_a_text() -> None:
    assert words("It's 1,000 U.S. dollars: a_b wi-fi né.") == [
        "it's",
        "1,000",
        "u.s",
        "dollars",
        "a_b",
        "wi",
        "fi",
        "né",
    ]
