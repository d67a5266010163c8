"""Cleaning pools and test sets."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.errors import UserError
from labelloop.pool.label_cells import Cells
from labelloop.pool.prepare import clean_further, clean_pool, clean_test, key, summary
from labelloop.pool.snapshot import Row
from labelloop.pool.sources import SourceTable
from tests.support.messages import names, raises_naming


def table(*texts: str, labels: list[str | None] | None = None) -> SourceTable:
    return SourceTable("mail.csv", ("body",), None if labels is None else "kind", list(texts), labels)


@given(texts=st.lists(st.text(max_size=3)))
def test_every_text_is_kept_or_counted_and_no_two_are_alike(texts: list[str]) -> None:
    prepared = clean_pool(table("kept", *texts), ["ham", "spam"])

    keys = [key(row.text) for row in prepared.rows]
    assert len(prepared.rows) + prepared.empty + prepared.duplicates == len(texts) + 1
    assert len(set(keys)) == len(keys)
    assert set(keys) == {key(text) for text in ["kept", *texts]} - {""}


def test_the_first_of_equal_texts_wins_with_its_row_and_is_kept_as_it_is() -> None:
    composed, decomposed = " café ", unicodedata.normalize("NFD", "café")
    labels: list[str | None] = ["x", "y", "y", "x"]

    prepared = clean_pool(table("\t", composed, decomposed, "b", labels=labels), ["x", "y"])

    assert prepared.rows == [Row(composed, "y", 1), Row("b", "x", 3)]


def test_a_text_has_the_label_of_any_of_its_rows() -> None:
    prepared = clean_pool(table("a", "b", "a ", "a", labels=[None, "y", "x", None]))

    assert prepared.rows == [Row("a", "x", 0), Row("b", "y", 1)]


def test_labels_come_from_the_label_column_in_order() -> None:
    prepared = clean_pool(table("a", "b", "c", labels=["y", "x", "y"]))

    assert prepared.labels == ["x", "y"]
    assert [row.gold for row in prepared.rows] == ["y", "x", "y"]


def test_given_labels_keep_their_order() -> None:
    assert clean_pool(table("a"), ["spam", " ham "]).labels == ["spam", "ham"]


def test_gold_is_all_or_none_and_the_missing_ones_are_counted() -> None:
    prepared = clean_pool(table("a", "b", "c", labels=["x", None, "y"]))

    assert prepared.labels == ["x", "y"]
    assert [row.gold for row in prepared.rows] == [None, None, None]
    assert prepared.unlabelled == 1


def test_labels_that_are_known_in_part_can_be_imported() -> None:
    partly = clean_pool(table("a", "b", "c", labels=["x", None, "y"]))

    assert names(summary(partly), 3, 1, "labelloop import")
    assert not names(summary(clean_test(table("a", "b", labels=["x", None]), ["x"], [])), "labelloop import")


def test_test_texts_without_label_are_left_out_and_those_of_the_pool_are_counted() -> None:
    pool = clean_pool(table("a", "b"), ["x", "y"]).rows

    prepared = clean_test(table("a ", "c", "d", "", "c", labels=["x", "y", None, "x", "y"]), ["x", "y"], pool)

    assert [row.text for row in prepared.rows] == ["a ", "c"]
    assert (prepared.empty, prepared.duplicates, prepared.unlabelled, prepared.in_pool) == (1, 1, 1, 1)


def test_the_summary_is_one_line_about_what_stands_out() -> None:
    assert summary(clean_pool(table("a", "b"), ["x", "y"])) is None
    said = summary(clean_pool(table("a", "a", "a", "a", "b", "", "c", "", "d", "e"), ["x", "y"]))
    assert names(said, 5, 3, 2), "texts, repeated ones, empty ones"
    assert "\n" not in str(said)


@pytest.mark.parametrize(
    ("texts", "gold", "labels", "facts"),
    [
        ([], None, ["x", "y"], ("mail.csv", "no rows")),
        (["", " \n"], None, ["x", "y"], ("mail.csv", "'body'")),
        (["a", "b"], None, None, ("mail.csv", "--labels spam,ham")),
        (["a", "b"], None, ["x"], ("--labels", "x")),
        (["a", "b"], None, [], ("--labels",)),
        (["a", "b"], None, ["x", "x "], ("--labels", "'x', 'x'")),
        (["a", "b"], None, ["a, b", "a, b"], ("'a, b', 'a, b'",)),
        (["a", "b"], None, ["x", ""], ("--labels", "'x', ''")),
        (["a", "b"], ["x", "x"], None, ("'kind'", "x")),
        (["a", "b"], ["x", "x"], ["x", "y"], ("'kind'", "x")),
        (["a", "b"], ["x", "z"], ["x", "y"], ("mail.csv", "'kind'", "z", "--labels")),
        (list("aab"), ["x", "y", "x"], None, ("mail.csv", "rows 1, 2", "'x'", "'y'", "--label-column")),
        (list("abab"), ["x", "x", "y", "y"], ["x", "y"], ("rows 1, 3", "'x'", "'y'", 1)),
        (["a", "a ", "a"], [None, "x", "y"], None, ("rows 2, 3", "'x'", "'y'")),
    ],
)
def test_a_bad_pool_is_said_in_one_line(
    texts: list[str],
    gold: list[str | None] | None,
    labels: list[str] | None,
    facts: tuple[str, ...],
) -> None:
    with raises_naming(UserError, *facts):
        clean_pool(table(*texts, labels=gold), labels)


@pytest.mark.parametrize(
    ("texts", "gold", "facts"),
    [
        (["a"], None, ("--label-column",)),
        (["", "b"], ["x", None], ()),
        (["a", "b"], ["x", "z"], ("'kind'", "z", "--labels")),
        (["a", "b", "a"], ["x", "y", "y"], ("rows 1, 3", "'x'", "'y'")),
        (list("abcdefg"), list("1234567"), ("'kind'", "'1', '2', '3', '4', '5'", "2")),
    ],
)
def test_a_bad_test_set_is_said_in_one_line(
    texts: list[str], gold: list[str | None] | None, facts: tuple[str, ...]
) -> None:
    with raises_naming(UserError, "mail.csv", *facts):
        clean_test(table(*texts, labels=gold), ["x", "y"], [])


def test_without_labels_both_ways_to_name_them_are_told() -> None:
    with raises_naming(UserError, "--labels", "--label-column"):
        clean_pool(table("a", "b"))


@pytest.mark.parametrize(("separator", "asks"), [(None, True), (";", False)])
def test_an_unknown_label_of_further_texts_asks_for_a_separator_that_was_not_given(
    separator: str | None, asks: bool
) -> None:
    further = replace(table("a"), labels=[("x", "y")], label_column="kind", cells=Cells(True, separator))

    with pytest.raises(UserError) as error:
        clean_further(further, ["x"], ())

    assert names(str(error.value), "y", "labelloop labels add")
    assert names(str(error.value), "--label-separator") is asks
