"""What a project sees of its records: at once what people answer, and within seconds what else changes."""

from datetime import timedelta
from typing import Any

import pytest

from labelloop.loop.label_lists import LabelList
from labelloop.oracle.argilla import Argilla, Dataset, looks
from labelloop.oracle.argilla.looks import AT_ONCE, FRESH, FRESH_AT_REST
from labelloop.oracle.argilla.oracle import LOOK_UP_EVERY, ArgillaProject
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
from labelloop.oracle.base import AskedText, ShownText, at_rest
from labelloop.oracle.lost_votes import SeenRecord
from tests.integration.oracle.argilla.conftest import text
from tests.support.argilla_api import ok, range_of, terms
from tests.support.argilla_server import ArgillaServer
from tests.support.clock import Clock
from tests.support.states import project, queried, state_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def seeing(argilla: Argilla, dataset: Dataset, clock: Clock) -> ArgillaProject:
    await argilla.put_records(dataset, [text(0, item) for item in range(3)])
    return ArgillaProject(argilla, dataset.name, clock=clock)


async def seen(seeing: ArgillaProject) -> dict[int, SeenRecord]:
    found = await seeing.seen(state_of(project(), queried()).batches["0"])
    assert found is not None
    return found


async def test_an_answer_is_seen_at_the_next_look(
    argilla: Argilla, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await argilla.respond(before[1].record, ("ham",))

    clock.now += 2 * AT_ONCE

    after = await seen(seeing)
    assert [len(record.votes) for _, record in sorted(after.items())] == [0, 1, 0]
    assert after[1].votes[0].labels == ("ham",)


async def test_an_answer_of_the_same_moment_is_seen_by_who_reads_anew(
    argilla: Argilla, seeing: ArgillaProject
) -> None:
    before = await seen(seeing)
    await argilla.respond(before[1].record, ("ham",))
    assert not (await seen(seeing))[1].votes

    seeing.forget()

    assert (await seen(seeing))[1].votes


async def test_a_deleted_record_is_missed_within_seconds(
    argilla: Argilla, dataset: Dataset, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await argilla.delete_records(dataset, [before[1].record])

    clock.now += 2 * AT_ONCE
    assert (await seen(seeing)).keys() == {0, 1, 2}
    clock.now += FRESH
    assert (await seen(seeing)).keys() == {0, 2}


async def test_where_nobody_answers_records_are_read_less_often_and_an_answer_is_seen_at_once(
    argilla: Argilla, dataset: Dataset, seeing: ArgillaProject, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await at_rest(seeing), "it has just been made"
    monkeypatch.setattr(looks, "REST", timedelta(0))
    before = await seen(seeing)
    await argilla.delete_records(dataset, [before[1].record])

    assert await at_rest(seeing)
    clock.now += 2 * FRESH
    assert (await seen(seeing)).keys() == {0, 1, 2}
    clock.now += FRESH_AT_REST
    assert (await seen(seeing)).keys() == {0, 2}
    await argilla.respond(before[2].record, ("ham",))
    clock.now += 2 * AT_ONCE
    assert (await seen(seeing))[2].votes


async def test_what_it_was_told_of_is_seen_at_once(
    argilla: Argilla, seeing: ArgillaProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await seen(seeing)
    await argilla.respond(before[1].record, ("ham",))
    assert not (await seen(seeing))[1].votes, "nobody has told of it, and it has just looked"
    seeing.read_anew()
    assert (await seen(seeing))[1].votes

    ask = Argilla.last_activity

    async def answered_and_told_meanwhile(argilla: Argilla, dataset: Dataset) -> str | None:
        activity = await ask(argilla, dataset)
        await argilla.respond(before[2].record, ("ham",))
        seeing.read_anew()
        monkeypatch.undo()
        return activity

    monkeypatch.setattr(Argilla, "last_activity", answered_and_told_meanwhile)
    seeing.read_anew()
    await seen(seeing)
    assert (await seen(seeing))[2].votes


async def test_what_is_written_by_oneself_is_seen_at_once(
    argilla: Argilla, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await seeing.set_up(project(labels=("spam", "ham", "eggs")))
    await seeing.remove([before[1].record])

    assert (await seen(seeing)).keys() == {0, 2}


async def test_a_batch_is_told_by_rank_and_no_other_text_with_it(
    argilla: Argilla, dataset: Dataset, clock: Clock
) -> None:
    seeing = ArgillaProject(argilla, dataset.name, clock=clock)
    assert await ArgillaProject(argilla, "nowhere").shown("3", 3) == ()
    await seeing.set_up(project(labels=("spam", "ham", "eggs")))
    ranked = [AskedText("3", 3, item, rank, "text", "uncertain") for item, rank in ((7, 1), (9, 0))]
    others = [AskedText("relabel-1", 3, 5, 0, "text", "relabel"), AskedText("4", 4, 6, 0, "text")]
    await seeing.put([*ranked, AskedText("3", 3, 2, 2, "audit"), *others])

    shown = await seeing.shown("3", 3)

    assert shown == [ShownText(9, 0, "uncertain"), ShownText(7, 1, "uncertain"), ShownText(2, 2, None)]
    assert await seeing.shown("5", 5) == []


async def test_people_filter_by_the_metadata_of_a_text(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    records = ArgillaProject(argilla, name)
    await records.set_up(
        project(
            text_columns=("subject", "body"),
            metadata_columns={"team": "terms", "tags": "terms", "priority": "integer", "hours": "float"},
        )
    )
    about: list[dict[str, Any]] = [
        {"team": "North & <b>South</b>", "tags": ["new", "vip"], "priority": 3, "hours": 0.5},
        {"team": "West", "tags": ["new"], "priority": -1, "hours": 2.0},
        {"team": "T" * 200, "tags": [], "priority": None, "hours": None},
    ]
    texts = [
        AskedText("0", 0, item, item, "x", columns={"subject": None, "body": f"text {item}"}, metadata=each)
        for item, each in enumerate(about)
    ]
    await records.put(texts)
    dataset = await argilla.find_dataset(name, DEFAULT_WORKSPACE)
    assert dataset is not None

    def found(filter: dict[str, Any]) -> set[str]:
        search = {"filters": {"and": [filter]}}
        answer = ok(argilla_server.client().post(f"/datasets/{dataset.id}/records/search", json=search))
        return {item["record"]["external_id"] for item in answer["items"]}

    assert found(terms("metadata", [about[0]["team"]], metadata_property="team")) == {"0:0"}
    assert found(terms("metadata", ["T" * 200], metadata_property="team")) == {"0:2"}
    assert found(terms("metadata", ["new"], metadata_property="tags")) == {"0:0", "0:1"}
    assert found(terms("metadata", ["vip"], metadata_property="tags")) == {"0:0"}
    assert found(range_of("metadata", 0, None, metadata_property="priority")) == {"0:0"}
    assert found(range_of("metadata", 1.5, 2.5, metadata_property="hours")) == {"0:1"}


async def test_each_column_is_read_as_it_was_written(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    hostile = "<img src=x onerror=alert(1)> &amp;\r\n"
    records = ArgillaProject(argilla, name)
    await records.set_up(project(text_columns=("subject", "body"), shown_columns=("from",)))
    columns = {"subject": hostile, "body": "Hello", "from": f"{hostile}ann"}

    await records.put([AskedText("0", 0, 0, 0, "x", columns=columns)])

    dataset = await argilla.find_dataset(name, DEFAULT_WORKSPACE)
    assert dataset is not None
    (record,) = await argilla.records(dataset)
    assert (record.fields, record.is_literal) == (columns, True)
    (stored,) = ok(argilla_server.client().get(f"/datasets/{dataset.id}/records"))["items"]
    assert not [text for text in stored["fields"].values() if "<" in text]


async def test_a_record_with_html_in_one_of_its_columns_is_outdated(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    records = ArgillaProject(argilla, name)
    await records.set_up(project(text_columns=("subject", "body")))
    await records.put([AskedText("0", 0, 0, 0, "x", columns={"subject": "a", "body": "b"})])
    dataset = await argilla.find_dataset(name, DEFAULT_WORKSPACE)
    assert dataset is not None
    raw = argilla_server.client()
    (stored,) = ok(raw.get(f"/datasets/{dataset.id}/records"))["items"]
    stored["fields"]["body"] = "<b>b</b>"
    kept = {key: stored[key] for key in ("external_id", "fields", "metadata")}

    ok(raw.put(f"/datasets/{dataset.id}/records/bulk", json={"items": [kept]}))

    found = await records.seen(state_of(project(), queried(items=(0,))).batches["0"])
    assert found is not None
    assert found[0].outdated


async def test_an_earlier_data_set_that_is_not_there_is_looked_up_once_a_minute(
    argilla: Argilla, dataset: Dataset, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, newer = [], ("spam", "ham", "bill")
    find = argilla.find_project

    async def spied(project: str, name: str | None = None) -> Dataset | None:
        found.append(name)
        return await find(project, name)

    monkeypatch.setattr(argilla, "find_project", spied)
    begun, added = LabelList(0, newer[:2], newer[:2]), LabelList(1, newer, newer, place=1)
    forked = ArgillaProject(argilla, f"{dataset.name}-forked", clock=clock)
    await forked.use_labels([begun, added])
    assert await forked.set_up(project())

    for _ in range(3):
        assert await seen(forked) == {}
        clock.now += 1
    assert found == [f"{dataset.name}-forked"]
    clock.now += LOOK_UP_EVERY
    await seen(forked)

    assert len(found) == 2
