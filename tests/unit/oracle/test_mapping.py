"""An oracle over a mapping keeps what `labelloop.oracle.base` promises."""

import json
from collections.abc import Iterator

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.loop.state import Batch
from labelloop.oracle.base import AskedText, FollowsChanges, Missing, Prediction, Rejected, ShownText
from labelloop.oracle.lost_votes import SeenRecord, lost_votes, merged
from labelloop.oracle.mapping import MappingOracle, MappingRecords
from schemas.parts import ItemVotes, Vote
from tests.support.states import project, queried, state_of

PROJECT = project(labels=("spam", "ham"))
BATCH = state_of(PROJECT, queried()).batches["0"]


def asked(item: int, rank: int = 0, *votes: Vote, **changes: object) -> AskedText:
    values = {"batch": "0", "number": 0, "text": f"mail {item}", **changes}
    return AskedText(item=item, rank=rank, votes=votes, **values)  # type: ignore[arg-type]


@pytest.fixture
def entries() -> dict[str, str]:
    return {}


@pytest.fixture
async def records(entries: dict[str, str]) -> MappingRecords:
    records = MappingOracle(lambda project: entries).project("mail-5e1f")
    await records.set_up(PROJECT)
    return records


async def seen(records: MappingRecords, batch: Batch = BATCH) -> dict[int, SeenRecord]:
    found = await records.seen(batch)
    assert found is not None
    return dict(found)


def recorded(item: int, record: SeenRecord) -> ItemVotes:
    return ItemVotes(item=item, record=record.record, votes=record.votes)


async def test_a_project_that_is_not_set_up_has_no_records_and_takes_none() -> None:
    records = MappingOracle(lambda project: {}).project("mail-5e1f")

    assert await records.seen(BATCH) is None
    assert await records.shown("0", 0) == []
    with pytest.raises(Missing):
        await records.put([asked(0)])
    with pytest.raises(Missing):
        await records.remove(["0.0.id"])


async def test_a_set_up_that_is_known_is_not_new_and_one_that_was_lost_is(entries: dict[str, str]) -> None:
    records = MappingOracle(lambda project: entries).project("mail-5e1f")

    assert await records.set_up(PROJECT)
    assert not await records.set_up(PROJECT)
    entries.clear()
    assert await records.set_up(PROJECT)


async def test_changed_guidelines_take_the_place_of_the_others(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    assert isinstance(records, FollowsChanges)

    await records.follow(
        project(labels=("spam", "ham"), guidelines="Spam asks for money.", min_submitted=2), ()
    )

    told = json.loads(entries["project"])
    assert (told["guidelines"], told["min_submitted"]) == ("Spam asks for money.", 2)
    entries.clear()
    with pytest.raises(Missing):
        await records.follow(PROJECT, ())


async def test_what_was_put_is_seen_with_its_answers_and_told_to_people(records: MappingRecords) -> None:
    prediction = Prediction(("ham",), 0.7, "3")
    texts = [asked(1, 1, reason="uncertain", model="3", suggestion=prediction), asked(0, 0)]
    await records.put([*texts, asked(7, 0, batch="1", number=1)])

    found = await seen(records)
    records.answer(found[1].record, "ann", ["spam"])
    records.answer(found[0].record, "ann", [], "discarded")

    ann = await records.make_account("ann")
    votes = {
        item: [(vote.username, vote.user, vote.status, vote.labels) for vote in record.votes]
        for item, record in (await seen(records)).items()
    }
    assert votes == {0: [("ann", ann, "discarded", ())], 1: [("ann", ann, "submitted", ("spam",))]}
    told = list(records.asked().values())
    assert [(each.batch, each.item) for each in told] == [("0", 0), ("0", 1), ("1", 7)]
    assert (told[1].suggestion, told[1].reason, told[1].model) == (prediction, "uncertain", "3")
    assert [vote.labels for vote in told[1].votes] == [("spam",)]


async def test_which_machine_suggests_is_told(records: MappingRecords) -> None:
    await records.put([asked(0, suggestion=Prediction(("ham",), None, "", by="rules")), asked(1)])

    assert {item: record.suggested_by for item, record in (await seen(records)).items()} == {
        0: "rules",
        1: "",
    }


async def test_a_record_that_is_written_again_keeps_its_id_and_the_votes_that_are_not_given(
    records: MappingRecords,
) -> None:
    await records.put([asked(0)])
    before = (await seen(records))[0]
    records.answer(before.record, "ann", ["spam"])
    bob = await records.make_account("bob")

    given = Vote(username="bob", user=bob, status="submitted", labels=("ham",))
    await records.put([asked(0, 3, given, text="mail 0 again")])

    after = (await seen(records))[0]
    assert (after.record, after.inserted_at) == (before.record, before.inserted_at)
    assert {(vote.username, vote.labels) for vote in after.votes} == {("ann", ("spam",)), ("bob", ("ham",))}
    assert records.asked()[after.record].text == "mail 0 again"


async def test_a_record_that_was_deleted_and_is_made_again_has_another_id_and_no_votes(
    records: MappingRecords,
) -> None:
    await records.put([asked(0), asked(1, 1)])
    before = await seen(records)
    records.answer(before[0].record, "ann", ["spam"])

    await records.remove([before[0].record, "0.5.never"])
    assert (await seen(records)).keys() == {1}
    await records.remove([before[0].record])
    await records.put([asked(0)])

    after = await seen(records)
    assert after[0].record != before[0].record
    assert after[0].votes == ()
    assert after[1] == before[1]
    await records.remove([before[0].record])
    assert (await seen(records)).keys() == {0, 1}


async def test_an_answer_to_a_record_that_was_made_again_meanwhile_is_refused(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    await records.put([asked(0)])
    before = (await seen(records))[0]
    del entries["record.0.0"]
    await records.put([asked(0)])

    with pytest.raises(Missing):
        records.answer(before.record, "ann", ["spam"])


async def test_a_vote_that_was_taken_back_is_told_from_one_that_was_lost(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    await records.put([asked(0), asked(1, 1)])
    for record in (await seen(records)).values():
        records.answer(record.record, "ann", ["spam"])
    before = await seen(records)

    records.take_back(before[0].record, "ann")
    del entries["record.0.1"]
    await records.put([asked(1, 1)])

    now, accounts = await seen(records), await records.accounts()
    assert lost_votes(recorded(0, before[0]), now[0], accounts) == ()
    assert lost_votes(recorded(1, before[1]), now[1], accounts) == before[1].votes


async def test_a_vote_that_was_put_back_and_then_taken_back_counts_as_taken_back(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    await records.put([asked(0)])
    records.answer((await seen(records))[0].record, "ann", ["spam"])
    before = recorded(0, (await seen(records))[0])
    del entries["record.0.0"]

    await records.put([asked(0, 0, *before.votes)])
    again = (await seen(records))[0]
    assert merged(before, again, await records.accounts()).votes[0].labels == ("spam",)
    records.take_back(again.record, "ann")

    assert lost_votes(before, (await seen(records))[0], await records.accounts()) == ()
    await records.put([asked(0, 1)])
    assert lost_votes(before, (await seen(records))[0], await records.accounts()) == ()


async def test_while_votes_are_put_back_a_failure_makes_none_look_taken_back() -> None:
    class Failing(dict[str, str]):
        fails = False

        def __setitem__(self, key: str, text: str) -> None:
            if self.fails and key.startswith("vote."):
                raise OSError(28, "No space left on device")
            super().__setitem__(key, text)

    entries = Failing()
    records = MappingOracle(lambda project: entries).project("mail-5e1f")
    await records.set_up(PROJECT)
    await records.put([asked(0)])
    records.answer((await seen(records))[0].record, "ann", ["spam"])
    before = recorded(0, (await seen(records))[0])
    del entries["account.ann"]
    ann = await records.make_account("ann")
    again = Vote(username="ann", user=ann, status="submitted", labels=("spam",))
    entries.fails = True

    with pytest.raises(Unavailable, match="No space left"):
        await records.put([asked(0, 0, again)])

    assert lost_votes(before, (await seen(records))[0], await records.accounts()) == before.votes


async def test_an_account_keeps_its_id_until_it_is_gone_and_then_its_votes_do_not_count(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    await records.put([asked(0)])
    records.answer((await seen(records))[0].record, "ann/..", ["spam"])
    first = await records.make_account("ann/..")
    assert await records.accounts() == {first: "ann/.."}

    (key,) = (key for key in entries if key.startswith("account."))
    assert "/" not in key
    del entries[key]

    assert (await seen(records))[0].votes == ()
    assert await records.make_account("ann/..") != first
    assert (await seen(records))[0].votes == ()


async def test_votes_of_an_account_that_is_gone_are_rejected_and_nothing_is_written(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    before = dict(entries)
    gone = Vote(username="ann", user="nobody", status="submitted", labels=("spam",))

    with pytest.raises(Rejected, match="ann"):
        await records.put([asked(1), asked(0, 0, gone)])

    assert entries == before


async def test_the_texts_of_a_batch_are_told_by_rank_also_of_one_that_the_log_lacks(
    records: MappingRecords,
) -> None:
    await records.put([asked(7, 1, reason="uncertain"), asked(9, 0, reason="uncertain"), asked(2, 2)])
    await records.put([asked(5, 0, batch="0.1"), asked(6, 0, batch="00"), asked(8, 0, batch="../0")])

    shown = await records.shown("0", 0)

    assert shown == [ShownText(9, 0, "uncertain"), ShownText(7, 1, "uncertain"), ShownText(2, 2, None)]
    assert await records.shown("0", 1) == []
    assert [text.item for text in await records.shown("../0", 0)] == [8]


@pytest.mark.parametrize("labels", [["eggs"], [], ["spam", "ham"]])
async def test_what_is_no_answer_is_refused(records: MappingRecords, labels: list[str]) -> None:
    await records.put([asked(0)])
    record = (await seen(records))[0].record

    with pytest.raises(UserError, match="spam, ham"):
        records.answer(record, "ann", labels)

    assert await records.accounts() == {}


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"status": "maybe", "labels": [], "time": "2026-01-01T00:00:00Z"}', "{}"]
)
async def test_a_damaged_entry_is_named(
    records: MappingRecords, entries: dict[str, str], damage: str
) -> None:
    await records.put([asked(0)])
    records.answer((await seen(records))[0].record, "ann", ["spam"])
    (key,) = (key for key in entries if key.startswith("vote."))
    entries[key] = damage

    with pytest.raises(UserError, match=key):
        await records.seen(BATCH)


async def test_entries_that_go_while_they_are_read_do_not_count() -> None:
    class Changing(dict[str, str]):
        def __iter__(self) -> Iterator[str]:
            return iter([*super().__iter__(), "record.0.1", "account.bob", "vote.0.0.x.y"])

    entries = Changing()
    records = MappingOracle(lambda project: entries).project("mail-5e1f")
    await records.set_up(PROJECT)
    await records.put([asked(0)])

    assert (await seen(records)).keys() == {0}
    assert await records.accounts() == {}


async def test_what_a_mapping_holds_is_plain_json(records: MappingRecords, entries: dict[str, str]) -> None:
    await records.put([asked(0, text="naïve <b>mail</b>")])

    assert json.loads(entries["record.0.0"])["text"] == "naïve <b>mail</b>"
    assert json.loads(entries["project"])["labels"] == ["spam", "ham"]


async def test_the_columns_of_a_text_are_kept_for_who_shows_them(records: MappingRecords) -> None:
    columns, metadata = {"subject": "Refund", "body": None}, {"team": "North", "priority": 3, "tags": ["new"]}

    await records.put([asked(0, columns=columns, metadata=metadata)])

    (text,) = records.asked().values()
    assert (text.columns, text.metadata) == (columns, metadata)


async def test_a_record_that_an_older_labelloop_wrote_has_its_text_alone(
    records: MappingRecords, entries: dict[str, str]
) -> None:
    await records.put([asked(0)])
    (key,) = [key for key in entries if key.startswith("record.")]
    old = json.loads(entries[key])
    del old["columns"], old["metadata"]
    entries[key] = json.dumps(old)

    (text,) = records.asked().values()

    assert (text.text, text.columns, text.metadata) == ("mail 0", {}, {})


async def test_of_several_labels_people_give_any_or_none(entries: dict[str, str]) -> None:
    records = MappingOracle(lambda project: entries).project("mail-5e1f")
    await records.set_up(project(task="multi-label"))
    await records.put([asked(0), asked(1)])
    one, other = records.asked()

    records.answer(one, "ann", ["news", "spam"])
    records.answer(other, "ann", [])

    answers = {item: each.votes[0].labels for item, each in (await seen(records)).items()}
    assert answers == {0: ("spam", "news"), 1: ()}
    with pytest.raises(UserError, match="is no answer"):
        records.answer(one, "ann", ["spam", "eggs"])


async def test_of_one_label_people_give_exactly_one(records: MappingRecords) -> None:
    await records.put([asked(0)])
    (record,) = records.asked()

    for labels in ([], ["spam", "ham"]):
        with pytest.raises(UserError, match="is no answer"):
            records.answer(record, "ann", labels)
    records.answer(record, "ann", [], "discarded")
