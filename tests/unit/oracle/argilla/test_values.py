"""Answers as Argilla's questions have them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.labels import NONE
from labelloop.oracle.argilla.new_record import METADATA, RESTORED
from labelloop.oracle.argilla.values import (
    RESERVED,
    field_names,
    from_value,
    from_values,
    metadata_names,
    options,
    title,
    to_value,
    to_values,
)
from labelloop.oracle.escaping import MARK

ONE, SEVERAL = "single-label", "multi-label"
COLUMNS = st.lists(st.text(), unique=True)


def test_that_none_of_several_labels_fits_is_an_option_of_its_own() -> None:
    assert options(("a", "b"), ONE) == ("a", "b")
    assert options(("a", "b"), SEVERAL) == ("a", "b", NONE)


@pytest.mark.parametrize(
    ("labels", "task", "value"),
    [(("a",), ONE, "a"), (("a", "b"), SEVERAL, ["a", "b"]), ((), SEVERAL, [NONE])],
)
def test_an_answer_is_read_as_it_was_written(labels: tuple[str, ...], task: str, value: object) -> None:
    assert to_value(labels, task) == value
    assert from_value(value) == labels
    assert from_values(to_values(labels, "submitted", task)) == labels


@pytest.mark.parametrize(("status", "task"), [("discarded", ONE), ("discarded", SEVERAL), ("draft", SEVERAL)])
def test_who_chose_nothing_has_not_said_that_none_fits(status: str, task: str) -> None:
    assert to_values((), status, task) is None


def test_none_beside_a_label_says_nothing() -> None:
    assert from_value([NONE, "a"]) == ("a",)


def test_where_a_text_has_one_label_it_may_be_named_so() -> None:
    assert from_value(NONE) == (NONE,)


def test_one_label_is_not_several() -> None:
    with pytest.raises(ValueError, match="unpack"):
        to_value(("a", "b"), ONE)


@given(columns=COLUMNS)
def test_every_column_has_a_plain_name_of_its_own(columns: list[str]) -> None:
    for names in (field_names(columns), metadata_names(columns)):
        assert list(names) == columns
        assert len(set(names.values())) == len(columns)
        assert all(re.fullmatch("[a-z0-9_]{1,70}", name) for name in names.values())


@given(columns=COLUMNS, more=st.text())
def test_a_further_column_changes_no_name_before_it(columns: list[str], more: str) -> None:
    names = field_names(columns)

    assert {**names, **field_names([*columns, more])} | names == field_names(
        list(dict.fromkeys([*columns, more]))
    )


def test_a_plain_name_stays_as_it_is() -> None:
    assert field_names(["subject", "Order No.", "order no", "日本", "from"]) == {
        "subject": "subject",
        "Order No.": "order_no",
        "order no": "order_no_2",
        "日本": "column",
        "from": "from",
    }


def test_metadata_never_takes_the_place_of_what_labelloop_writes() -> None:
    written = {*METADATA, RESTORED, *MARK}

    assert metadata_names(["batch", "team"]) == {"batch": "batch_2", "team": "team"}
    assert all(name in RESERVED or "-" in name for name in written)


def test_a_title_is_one_short_line() -> None:
    assert title("  Sent\n by ") == "Sent by"
    assert title("x" * 600) == "x" * 60 + "…"
    assert title(" ") == "-"
