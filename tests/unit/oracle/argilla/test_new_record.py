"""How a text to ask for looks in Argilla."""

import pytest

from labelloop.oracle.argilla import NewRecord, NewResponse, Suggestion
from labelloop.oracle.argilla.new_record import item_of, new_record, restored, suggested_by, wanted
from labelloop.oracle.base import AskedText, Prediction
from tests.support.states import vote


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


def test_a_record_tells_how_many_answers_it_wants_whatever_columns_there_are() -> None:
    text = AskedText("2", 2, 4, 0, "hello", wanted=2, metadata={"wanted": 7, "answers-wanted": 9})

    assert wanted(new_record(text).metadata) == 2
    assert (
        wanted(new_record(AskedText("2", 2, 4, 0, "hello", metadata={"answers-wanted": 9})).metadata) is None
    )
