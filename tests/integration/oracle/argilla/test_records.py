"""Writing records and reading them with everyone's responses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from labelloop.oracle.argilla import Argilla, Dataset, NewResponse, Rejected, StoredRecord, Suggestion
from labelloop.oracle.argilla.records import PAGE
from labelloop.oracle.escaping import MARK
from tests.integration.oracle.argilla.conftest import text
from tests.support.argilla_server import ArgillaServer
from tests.support.messages import raises_naming


async def test_what_is_written_is_read(argilla: Argilla, dataset: Dataset) -> None:
    suggestion = Suggestion(("ham",), 0.41, "model 3")
    new = replace(text(0, 7), fields={"text": "Ünï\n\x00\N{PILE OF POO} <b>"}, suggestion=suggestion)

    await argilla.put_records(dataset, [new])

    (record,) = await argilla.records(dataset)
    assert (record.external_id, record.metadata, record.suggestion) == ("0:7", new.metadata, suggestion)
    assert record.fields["text"] == "Ünï\n\N{REPLACEMENT CHARACTER}\N{PILE OF POO} <b>"
    assert (record.status, record.responses) == ("pending", ())
    assert abs(datetime.now(UTC) - record.inserted_at) < timedelta(minutes=5)


async def test_a_text_is_stored_as_html_that_shows_it(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer
) -> None:
    await argilla.put_records(dataset, [replace(text(0, 7), fields={"text": "if a<b\r\nthen &amp;"})])

    (stored,) = argilla_server.client().get(f"/datasets/{dataset.id}/records").json()["items"]
    assert stored["fields"]["text"] == "if a&lt;b&#13;\nthen &amp;amp;"
    assert stored["metadata"]["escaped"] == "html"


@pytest.mark.parametrize("mark", [{}, MARK])
async def test_a_record_of_another_program_is_read_as_it_is(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer, mark: dict[str, str]
) -> None:
    raw = {"external_id": "0:7", "fields": {"text": "R&amp;D <b>"}, "metadata": {"batch": 0, **mark}}
    path = f"/datasets/{dataset.id}/records/bulk"
    argilla_server.client().put(path, json={"items": [raw]}).raise_for_status()

    (record,) = await argilla.records(dataset)
    assert (record.fields["text"], record.is_literal) == ("R&amp;D <b>", False)


async def test_one_batch_is_read_alone(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(
        dataset, [text(batch, batch * 10 + rank) for batch in range(12) for rank in range(3)]
    )

    batch = await argilla.records(dataset, 1)

    assert {record.external_id for record in batch} == {"1:10", "1:11", "1:12"}
    assert await argilla.records(dataset, 99) == []
    assert len(await argilla.records(dataset)) == 36


async def test_many_records_are_all_read_and_written(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(dataset, [text(0, item) for item in range(501)])

    assert PAGE < 601
    for found in (await argilla.records(dataset), await argilla.records(dataset, 0)):
        assert sorted(record.metadata["item"] for record in found) == list(range(501))


async def test_suggestions_can_be_left_out(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(dataset, [replace(text(0, 7), suggestion=Suggestion(("ham",)))])

    (record,) = await argilla.records(dataset, 0, suggestions=False)

    assert record.suggestion is None


async def test_responses_are_written_for_everyone_with_the_record(
    argilla: Argilla, dataset: Dataset, name: str
) -> None:
    ann, bob, eve = [(await argilla.create_annotator(f"{name}-{who}", "labelloop")).user_id for who in "abe"]
    responses = (
        NewResponse(ann, "submitted", ("spam",)),
        NewResponse(bob, "discarded"),
        NewResponse(eve, "draft", ("eggs",)),
    )

    await argilla.put_records(dataset, [replace(text(0, 1), responses=responses)])

    (record,) = await argilla.records(dataset, 0)
    assert answers(record) == {
        ann: ("submitted", ("spam",)),
        bob: ("discarded", ()),
        eve: ("draft", ("eggs",)),
    }
    assert record.status == "completed"


async def test_a_discard_keeps_its_label(argilla: Argilla, dataset: Dataset) -> None:
    me = (await argilla.me()).id

    await argilla.put_records(
        dataset, [replace(text(0, 1), responses=(NewResponse(me, "discarded", ("ham",)),))]
    )

    (record,) = await argilla.records(dataset)
    assert answers(record) == {me: ("discarded", ("ham",))}
    assert record.status == "pending"


async def test_an_upsert_keeps_the_record_and_the_responses_of_others(
    argilla: Argilla, argilla_server: ArgillaServer, dataset: Dataset, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")
    me = (await argilla.me()).id
    await argilla.put_records(dataset, [replace(text(0, 1), suggestion=Suggestion(("eggs",)))])
    (before,) = await argilla.records(dataset)
    async with Argilla(argilla_server.url, account.api_key) as annotator:
        await annotator.respond(before.id, ("ham",))

    await argilla.put_records(dataset, [replace(text(0, 1), fields={"text": "another"})])
    await argilla.put_records(dataset, [replace(text(0, 1), responses=(NewResponse(me, "discarded"),))])

    (after,) = await argilla.records(dataset)
    assert (after.id, after.inserted_at, after.fields["text"]) == (before.id, before.inserted_at, "text 1")
    assert after.suggestion == Suggestion(("eggs",))
    assert answers(after) == {account.user_id: ("submitted", ("ham",)), me: ("discarded", ())}


async def test_a_deleted_record_comes_back_as_another_with_its_responses(
    argilla: Argilla, dataset: Dataset
) -> None:
    me = (await argilla.me()).id
    new = replace(text(0, 1), responses=(NewResponse(me, "submitted", ("spam",)),))
    await argilla.put_records(dataset, [new, text(0, 2)])
    before = {record.external_id: record for record in await argilla.records(dataset, 0)}

    await argilla.delete_records(dataset, [before["0:1"].id])
    await argilla.delete_records(dataset, [before["0:1"].id])
    gone = {record.external_id for record in await argilla.records(dataset, 0)}
    await argilla.put_records(dataset, [new])

    after = {record.external_id: record for record in await argilla.records(dataset, 0)}
    assert gone == {"0:2"}
    assert after["0:1"].id != before["0:1"].id
    assert after["0:2"].id == before["0:2"].id
    assert answers(after["0:1"]) == {me: ("submitted", ("spam",))}


async def test_more_records_than_one_request_takes_are_deleted(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(dataset, [text(0, item) for item in range(101)])

    await argilla.delete_records(dataset, [record.id for record in await argilla.records(dataset)])

    assert await argilla.records(dataset) == []


async def test_a_response_of_nobody_is_rejected_and_nothing_written(
    argilla: Argilla, dataset: Dataset
) -> None:
    nobody = NewResponse("00000000-0000-0000-0000-000000000000", "submitted", ("spam",))

    with raises_naming(Rejected, nobody.user_id):
        await argilla.put_records(dataset, [text(0, 1), replace(text(0, 2), responses=(nobody,))])

    assert await argilla.records(dataset) == []


def answers(record: StoredRecord) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {response.user_id: (response.status, response.labels) for response in record.responses}
