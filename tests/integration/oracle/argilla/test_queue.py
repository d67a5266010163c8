"""The annotator's side: what waits, and answering it."""

import pytest

from labelloop.oracle.argilla import Argilla, Dataset, Missing, Rejected, StoredRecord
from tests.integration.oracle.argilla.conftest import text
from tests.support.messages import raises_naming


async def test_the_oldest_batch_waits_first(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(
        dataset, [text(batch, batch * 10 + rank) for batch in (2, 0, 1) for rank in range(3)]
    )

    queue = await argilla.next_records(dataset, 8)

    assert [record.metadata["batch"] for record in queue] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert await argilla.next_records(dataset, 2) == queue[:2]


@pytest.mark.parametrize("status", ["submitted", "discarded", "draft"])
async def test_an_answered_text_waits_no_more(argilla: Argilla, dataset: Dataset, status: str) -> None:
    await argilla.put_records(dataset, [text(0, 1), text(0, 2)])
    first, second = await argilla.next_records(dataset, 5)

    await argilla.respond(first.id, ("ham",), status)

    assert [record.id for record in await argilla.next_records(dataset, 5)] == [second.id]


async def test_a_second_answer_replaces_the_first(argilla: Argilla, dataset: Dataset) -> None:
    record = await one_record(argilla, dataset)

    await argilla.respond(record.id, ("ham",))
    await argilla.respond(record.id, ("ham",))
    await argilla.respond(record.id, ("spam",))
    await argilla.respond(record.id, (), "discarded")

    (after,) = await argilla.records(dataset)
    (response,) = after.responses
    assert (response.user_id, response.status, response.labels) == ((await argilla.me()).id, "discarded", ())


async def test_an_answer_to_a_deleted_record_is_missing(argilla: Argilla, dataset: Dataset) -> None:
    record = await one_record(argilla, dataset)
    await argilla.delete_records(dataset, [record.id])

    with pytest.raises(Missing):
        await argilla.respond(record.id, ("ham",))


async def test_a_label_that_is_none_is_rejected(argilla: Argilla, dataset: Dataset) -> None:
    record = await one_record(argilla, dataset)

    with raises_naming(Rejected, "bacon"):
        await argilla.respond(record.id, ("bacon",))


async def one_record(argilla: Argilla, dataset: Dataset) -> StoredRecord:
    await argilla.put_records(dataset, [text(0, 1)])
    (record,) = await argilla.next_records(dataset, 1)
    return record
