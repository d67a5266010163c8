"""How a text to ask for looks in Argilla, and the names there that stand for columns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.oracle.argilla import NewRecord, NewResponse, Suggestion
from labelloop.oracle.argilla.new_record import (
    METADATA,
    RESERVED,
    RESTORED,
    field_names,
    item_of,
    metadata_names,
    new_record,
    restored,
    suggested_by,
    title,
)
from labelloop.oracle.base import AskedText, Prediction
from labelloop.oracle.escaping import MARK
from tests.support.states import vote

COLUMNS = st.lists(st.text(), unique=True)


def test_a_record_shows_why_and_by_which_model_its_text_was_picked() -> None:
    suggested = Prediction(("ham",), 0.4, "0")
    text = AskedText("2", 2, 4, 0, "hello", "uncertain", "0", suggested, (vote("ann", "spam"), vote("bob")))

    assert new_record(text) == NewRecord(
        external_id="2:4",
        fields={"text": "hello"},
        metadata={
            "batch": 2,
            "rank": 0,
            "item": 4,
            "reason": "uncertain",
            "model": "model-0",
            "restored": "u-ann u-bob",
        },
        suggestion=Suggestion(("ham",), 0.4, "model-0"),
        responses=(NewResponse("u-ann", "submitted", ("spam",)), NewResponse("u-bob", "discarded", ())),
    )


def test_a_record_of_a_relabel_batch_is_another_than_that_of_its_first_batch() -> None:
    assert new_record(AskedText("relabel-1", 3, 4, 0, "hello")) == NewRecord(
        external_id="relabel-1:4", fields={"text": "hello"}, metadata={"batch": 3, "rank": 0, "item": 4}
    )


def test_a_record_tells_its_item_in_its_own_batch_only() -> None:
    ids = ["2:4", "12:4", "relabel-1:4", "2:four", "2:-4", "", None]

    assert [item_of(id, "2") for id in ids] == [4, *[None] * 6]
    assert item_of("relabel-1:4", "relabel-1") == 4


def test_a_record_tells_whose_votes_were_put_back_on_it_now_and_before() -> None:
    text = AskedText("2", 2, 4, 0, "hello", votes=(vote("ann", "spam"),), restored=("u-bob",))

    assert restored(new_record(text).metadata) == ("u-ann", "u-bob")
    assert restored({"batch": 2}) == ()


def test_a_record_has_a_field_for_each_column_that_the_text_has() -> None:
    columns = {"Subject": "Refund", "body": None, "from": "ann"}

    record = new_record(AskedText("2", 2, 4, 0, "Refund", columns=columns))

    assert record.fields == {"subject": "Refund", "from": "ann"}


def test_a_record_has_the_metadata_of_the_text_beside_its_own() -> None:
    metadata = {"team": "North", "batch": "B7", "priority": None, "tags": ["new"]}

    record = new_record(AskedText("2", 2, 4, 0, "hello", metadata=metadata))

    assert record.metadata == {
        "batch": 2,
        "rank": 0,
        "item": 4,
        "team": "North",
        "batch_2": "B7",
        "tags": ["new"],
    }


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


@pytest.mark.parametrize(
    ("name", "agent"),
    [
        ("llm qwen2.5:7b", "llm qwen2.5:7b"),
        ("llm a<b>\n", "llm a-b--"),
        ("\u65e5\u672c", "machine"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_record_tells_which_machine_suggests_by_a_name_that_argilla_takes(name: str, agent: str) -> None:
    record = new_record(AskedText("2", 2, 4, 0, "hello", suggestion=Prediction(("ham",), None, "0", by=name)))

    assert record.suggestion == Suggestion(("ham",), None, agent)
    assert suggested_by(record.metadata) == name
    assert suggested_by(new_record(AskedText("2", 2, 4, 0, "hello")).metadata) == ""
