"""The columns of texts: what the model reads, what people see, by what they filter."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.pool.context import LONGEST_TERM, Metadata, PoolText, joined, kind_of, pool_texts, seen_columns
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from schemas.events import ProjectCreatedV4
from tests.support.states import project

Kept = dict[str, list[str | None]]


def of_columns(**columns: object) -> ProjectCreatedV4:
    return ProjectCreatedV4(**{**dict(project()), **columns})


def pool(folder: Path, texts: list[str], kept: Kept) -> OpenSnapshot:
    rows = [Row(text, None, number) for number, text in enumerate(texts)]
    return OpenSnapshot.open(folder / write(folder, rows, kept).name)


def test_the_columns_of_a_text_are_joined_by_an_empty_line_for_ever() -> None:
    assert joined(["Refund", "Please send\nit back"]) == "Refund\n\nPlease send\nit back"


@given(parts=st.lists(st.text()))
def test_columns_without_a_text_are_left_out(parts: list[str]) -> None:
    assert joined(parts) == joined([part for part in parts if part.strip()])
    assert bool(joined(parts)) == any(part.strip() for part in parts)


def test_people_see_the_columns_of_a_text_and_those_that_are_shown() -> None:
    assert seen_columns(of_columns(text_columns=("subject", "body"))) == ("subject", "body")
    assert seen_columns(of_columns(text_columns=("body",), shown_columns=("from",))) == ("body", "from")


def test_people_see_a_text_alone_where_nothing_is_beside_it() -> None:
    for each in (project(), of_columns(), of_columns(metadata_columns={"team": "terms"})):
        assert seen_columns(each) == ()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20", None, "0"], "integer"),
        (["1.0", None, "3.0"], "integer"),
        (["1", "2.5"], "float"),
        (["007", "1"], "terms"),
        (["1e5", "1"], "terms"),
        (["nan"], "terms"),
        (["9" * 20], "terms"),
        (["2026-05-01", "2026-05-02"], "terms"),
        (["True"], "terms"),
        (["１"], "terms"),
        ([None], "terms"),
        ([], "terms"),
    ],
)
def test_a_column_of_numbers_is_filtered_as_numbers(values: list[str | None], kind: str) -> None:
    assert kind_of(values) == kind


def test_a_text_of_the_pool_comes_with_its_columns(tmp_path: Path) -> None:
    kept: Kept = {
        "subject": ["Refund", None],
        "body": ["Please", "Hello"],
        "from": ["ann", "bob"],
        "team": ["North", None],
        "priority": ["3", None],
        "hours": ["2", "0.5"],
        "id": ["7", "8"],
    }
    asked = of_columns(
        text_columns=("subject", "body"),
        shown_columns=("from",),
        metadata_columns={"team": "terms", "priority": "integer", "hours": "float"},
    )

    texts = pool_texts(asked, pool(tmp_path, ["Refund\n\nPlease", "Hello"], kept), [1, 0])

    assert texts == [
        PoolText(
            "Hello",
            {"subject": None, "body": "Hello", "from": "bob"},
            {"team": None, "priority": None, "hours": 0.5},
        ),
        PoolText(
            "Refund\n\nPlease",
            {"subject": "Refund", "body": "Please", "from": "ann"},
            {"team": "North", "priority": 3, "hours": 2.0},
        ),
    ]
    assert list(texts[0].columns) == ["subject", "body", "from"]


def test_the_one_column_of_a_text_is_not_kept_twice(tmp_path: Path) -> None:
    asked = of_columns(text_columns=("body",), shown_columns=("from",))

    (text,) = pool_texts(asked, pool(tmp_path, ["Hello"], {"from": ["ann"]}), [0])

    assert text.columns == {"body": "Hello", "from": "ann"}


@pytest.mark.parametrize(
    ("value", "metadata"),
    [
        (json.dumps(["new", "vip"]), ["new", "vip"]),
        ("[]", []),
        ("[1, 2]", "[1, 2]"),
        ("[new", "[new"),
        ("[" * 3000, "[" * (LONGEST_TERM - 1) + "…"),
        ("x" * LONGEST_TERM, "x" * LONGEST_TERM),
        ("x" * 40_000, "x" * (LONGEST_TERM - 1) + "…"),
        (json.dumps(["y" * 300]), ["y" * (LONGEST_TERM - 1) + "…"]),
    ],
)
def test_a_list_is_several_terms_and_a_long_term_is_cut(
    tmp_path: Path, value: str, metadata: Metadata
) -> None:
    asked = of_columns(metadata_columns={"tags": "terms"})

    (text,) = pool_texts(asked, pool(tmp_path, ["Hello"], {"tags": [value]}), [0])

    assert text == PoolText("Hello", {}, {"tags": metadata})
