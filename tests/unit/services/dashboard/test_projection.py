"""What the dashboard keeps of the log."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from labelloop.alerts.settings import AlertRules
from labelloop.log.base import Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.summary import summarized
from schemas.envelope import Event, datahash
from schemas.events import EVENTS, EventData
from schemas.model import read
from services.dashboard.figures import CARD, card
from services.dashboard.project_figures import PROJECT as PAGE
from services.dashboard.queries import EventQuery
from services.dashboard.read_model import AnotherLog
from services.dashboard.read_model_schema import FILE
from services.dashboard.text_queries import TextFilter
from tests.support.dashboards import Pages, records
from tests.support.states import (
    PROJECT,
    all_answered,
    evaluated,
    project,
    queried,
    recorded,
    trained,
    vote,
    votes,
)

APART = ("accuracy", "open_batches", "digest")
SAMPLES = Path(__file__).parents[4] / "schemas" / "samples"
EVERY_SAMPLE = sorted(SAMPLES.glob("v*/*.json"))
LOOP: tuple[EventData, ...] = (
    project(),
    queried(),
    recorded(votes(0, vote("ann", "spam"))),
    all_answered(),
    trained("0", {"0": 0}),
    evaluated("0"),
    queried("1", (3, 4, 5), model="0"),
)


def fact(sample: Path) -> EventData:
    name, version = sample.stem.partition("-")[0], sample.parent.name
    return read(EVENTS[f"labelloop.{name}.{version}"], json.loads(sample.read_bytes())["data"].encode())


def kept(folder: Path) -> list[object]:
    """All that is kept."""
    tables = ("positions", "events", "strangers", "figures", "texts")
    with sqlite3.connect(folder / FILE) as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]


@pytest.mark.parametrize("sample", EVERY_SAMPLE, ids=lambda sample: f"{sample.parent.name}-{sample.stem}")
def test_an_event_of_each_type_is_kept_whole(sample: Path, tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    data = fact(sample)
    taken = records(data) if "ProjectCreated" in sample.stem else records(project(), data)

    pages.take(taken)

    seq = pages.queries.events(EventQuery())[0]["seq"]
    event = pages.queries.event(seq)
    assert event is not None
    assert event["content"]["data"] == json.loads(taken[-1].event.data)  # type: ignore[union-attr]
    assert event["batch"] == getattr(data, "batch", None)
    assert event["model"] == getattr(data, "model", None) or not isinstance(event["model"], str)


def test_figures_are_those_of_the_status(tmp_path: Path) -> None:
    pages, history = Pages(tmp_path), History(PROJECT, "log-1")
    taken = records(*LOOP)
    for record in taken:
        assert record.event is not None
        history.add(record.event, record.position)

    pages.take(taken)

    shown, status = pages.queries.figure(PROJECT, CARD), json.loads(json.dumps(summarized(history).status()))
    assert {name: shown[name] for name in status if name not in APART} == {
        name: value for name, value in status.items() if name not in APART
    }
    assert shown["accuracy"]["value"] == status["accuracy"]
    assert [batch["batch"] for batch in shown["open_batches"]] == ["1"]
    page = pages.queries.figure(PROJECT, PAGE)
    assert [point["accuracy"] for point in page["curve"]] == [0.5]


def test_a_card_knows_who_answered_how_many_texts_and_from_when_on_it_alerts(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    taken = records(
        project(), queried(), recorded(votes(0, vote("ann", "spam")), votes(1, vote("bob", "ham")))
    )

    pages.take(taken)

    card = pages.queries.figure(PROJECT, CARD)
    assert [batch["people"] for batch in card["open_batches"]] == [{"ann": 1, "bob": 1}]
    assert taken[-1].event is not None
    (alert,) = card["alerts"]
    waiting = datetime.fromisoformat(alert["begins"]) - taken[-1].event.time
    assert waiting == AlertRules().waiting
    assert pages.site.card(PROJECT, card)["alerts"] == []
    passed = {**card, "alerts": [{**alert, "begins": "2020-01-01T00:00:00+00:00"}]}
    assert len(pages.site.card(PROJECT, passed)["alerts"]) == 1


def test_figures_after_each_event_are_those_of_the_whole_history(tmp_path: Path) -> None:
    pages, history = Pages(tmp_path), History(PROJECT, "log-1")

    for record in records(*LOOP, all_answered("1")):
        assert record.event is not None
        history.add(record.event, record.position)
        pages.take([record])

        assert pages.queries.figure(PROJECT, CARD) == json.loads(json.dumps(card(history)))


def test_a_record_that_comes_twice_changes_nothing(tmp_path: Path) -> None:
    pages, taken = Pages(tmp_path), records(*LOOP)
    pages.take(taken)
    before = kept(tmp_path)

    changed = pages.take(taken[2:])

    assert changed == set()
    assert kept(tmp_path) == before


def test_an_event_that_is_in_the_log_twice_counts_once(tmp_path: Path) -> None:
    pages, taken = Pages(tmp_path), records(*LOOP)
    pages.take(taken)

    pages.take([Record(0, 99, taken[3].event)])

    newest = pages.queries.events(EventQuery())[0]
    assert (newest["name"], newest["note"]) == ("BatchAnnotated", "duplicate")
    assert pages.queries.figure(PROJECT, CARD)["labels"] == 3
    assert pages.queries.figure(PROJECT, CARD)["duplicates"] == 1


@pytest.mark.parametrize("cut", range(1, len(LOOP)))
def test_it_goes_on_where_it_was_after_a_restart(cut: int, tmp_path: Path) -> None:
    whole, halves, taken = tmp_path / "whole", tmp_path / "halves", records(*LOOP)
    Pages(whole).take(taken)

    Pages(halves).take(taken[:cut])
    # The log gives the last record again.
    Pages(halves).take(taken[cut - 1 :])

    assert kept(halves) == kept(whole)


def test_nothing_is_kept_of_records_of_which_one_fails(tmp_path: Path) -> None:
    pages, taken = Pages(tmp_path), records(*LOOP)
    pages.take(taken[:2])
    before = kept(tmp_path)

    with pytest.raises(AttributeError):
        pages.take([*taken[2:], None])  # type: ignore[list-item]

    assert kept(tmp_path) == before
    pages.take(taken[2:])
    state = pages.projector.history(PROJECT).state
    assert isinstance(state, LoopState)
    assert state.length == len(LOOP)


def test_what_is_no_event_is_passed_over(tmp_path: Path) -> None:
    pages, (created, *_) = Pages(tmp_path), records(*LOOP)

    pages.take([Record(0, 0, None, "its attributes are no JSON"), Record(0, 1, created.event)])
    pages.take([Record(0, 0, None, "its attributes are no JSON")])

    assert pages.queries.count(EventQuery()) == 1


def test_another_log_is_noticed(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    pages.take(records(*LOOP))
    (other,) = records(project(name="another"), project="other", first=len(LOOP) - 1)

    with pytest.raises(AnotherLog):
        pages.take([other])

    group = pages.model.group
    pages.model.renew()
    assert pages.model.group != group
    assert pages.model.positions == {}


def test_the_file_is_made_again_for_another_log_and_where_it_is_damaged(tmp_path: Path) -> None:
    Pages(tmp_path).take(records(*LOOP))

    assert Pages(tmp_path, "log-2").queries.count(EventQuery()) == 0
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    assert Pages(tmp_path).queries.count(EventQuery()) == 0


def test_an_event_that_halts_its_project_is_shown_and_what_follows_waits(tmp_path: Path) -> None:
    pages, taken = Pages(tmp_path), records(*LOOP)
    assert taken[1].event is not None
    damaged = {**taken[1].event.attributes, "datahash": datahash(b"other")}

    pages.take([taken[0], Record(0, 1, Event(damaged, taken[1].event.data)), *taken[2:]])

    notes = [row["note"] for row in reversed(pages.queries.events(EventQuery()))]
    assert notes == [None, "halts the project", *["waits"] * (len(LOOP) - 2)]
    assert pages.queries.figure(PROJECT, CARD)["halted"]


def test_texts_are_found_by_label_annotator_batch_and_whether_the_model_was_right(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    pages.take(records(*LOOP))
    pages.model.save_words(PROJECT, {0: "50% off_now", 1: "see you", 2: "news"})

    def found(**given: str) -> list[int]:
        return sorted(row["item"] for row in pages.texts.matching(PROJECT, TextFilter(**given), None, 100))

    assert found() == [0, 1, 2, 3, 4, 5]
    assert found(label="ham") == [1]
    assert found(who="ann") == [0, 1, 2]
    assert found(who="an") == []
    assert found(batch="1") == found(standing="open") == [3, 4, 5]
    assert found(words="50%") == [0]
    assert found(words="%") == [0]
    assert found(words="' OR 1=1 --") == []


def test_few_folds_are_in_memory_and_others_are_folded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dashboard.projection.MOST_HELD", 0)
    pages = Pages(tmp_path)
    for number in range(3):
        pages.take(records(*LOOP[:4], project=f"p-{number}", first=number * 10))

    pages.take(records(*LOOP, project="p-0", first=30)[4:])

    assert pages.queries.figure("p-0", CARD)["model"] == "0"
    assert pages.queries.figure("p-2", CARD)["model"] is None
