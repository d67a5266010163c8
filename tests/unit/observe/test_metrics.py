"""What is counted and timed, as Prometheus would read it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from labelloop.loop.history import History
from labelloop.observe.metrics import Meters
from schemas.envelope import Event, new_event
from schemas.events import EventData
from tests.support.states import (
    PROJECT,
    START,
    all_answered,
    evaluated,
    project,
    queried,
    recorded,
    state_of,
    trained,
    vote,
    votes,
)


@pytest.fixture
def meters() -> Meters:
    return Meters("trainer")


@dataclass
class Told:
    history: History


def history_of(*told: EventData) -> History:
    history = History(PROJECT)
    for minute, data in enumerate(told):
        history.add(new_event(PROJECT, data, source="tests", time=START + timedelta(minutes=minute)))
    return history


def value(meters: Meters, name: str, **labels: str) -> float | None:
    return meters.registry.get_sample_value(f"labelloop_{name}", {"service": "trainer", **labels})


def of_project(meters: Meters, name: str, **labels: str) -> float | None:
    return value(meters, name, project=PROJECT, **labels)


def some_event(data: EventData) -> Event:
    return new_event(PROJECT, data, source="tests")


def test_what_is_scraped_can_be_parsed_and_each_metric_says_what_it_is(meters: Meters) -> None:
    meters.projects.own({PROJECT: Told(history_of(project()))})

    found = list(text_string_to_metric_families(generate_latest(meters.registry).decode()))

    ours = [family for family in found if family.name.startswith("labelloop_")]
    assert all(family.documentation for family in ours)
    assert {"labelloop_lag_events", "labelloop_takeovers", "labelloop_batches_open"} <= {f.name for f in ours}
    assert "process_resident_memory_bytes" in {family.name for family in found}


def test_each_metric_is_described(meters: Meters) -> None:
    described = (Path(__file__).resolve().parents[3] / "docs" / "observe.md").read_text(encoding="utf-8")

    ours = {f.name for f in meters.registry.collect() if f.name.startswith("labelloop_")}

    assert {name for name in ours if f"`{name.removeprefix('labelloop_')}" not in described} == set()


def test_two_services_in_one_process_do_not_count_together(meters: Meters) -> None:
    other = Meters("trainer")

    meters.taken_over()

    assert (value(meters, "takeovers_total"), value(other, "takeovers_total")) == (1, 0)


def test_events_that_came_are_counted_by_type(meters: Meters) -> None:
    before, after = state_of(project()), state_of(project(), queried())
    meters.handled(some_event(queried()), before, after)

    newer = Event({**some_event(queried()).attributes, "type": "labelloop.PoolGrown.v9"}, b"{}")
    meters.handled(newer, after, after)

    assert of_project(meters, "events_handled_total", type="BatchQueried") == 1
    assert of_project(meters, "events_handled_total", type="unknown") == 1


def test_labels_are_counted_once_a_text_however_often_they_are_told(meters: Meters) -> None:
    partly = recorded(votes(0, vote("ann", "spam")), votes(1, vote("ann", status="draft")))
    told: list[EventData] = [project(), queried(), partly, all_answered(), all_answered(revision=1)]

    for count in range(1, len(told)):
        meters.handled(some_event(told[count]), state_of(*told[:count]), state_of(*told[: count + 1]))

    assert of_project(meters, "labels_total") == 3


def test_a_label_that_is_withdrawn_takes_nothing_from_the_count(meters: Meters) -> None:
    told: list[EventData] = [project(), queried(), all_answered(), all_answered(items=(0,), revision=1)]

    for count in (2, 3):
        meters.handled(some_event(told[count]), state_of(*told[:count]), state_of(*told[: count + 1]))

    assert of_project(meters, "labels_total") == 3


def test_an_event_that_did_not_count_is_no_label(meters: Meters) -> None:
    state = state_of(project(), queried(), all_answered())

    meters.handled(some_event(all_answered()), state, state)

    assert of_project(meters, "events_handled_total", type="BatchAnnotated") == 1
    assert of_project(meters, "labels_total") is None


def test_appending_is_timed_and_what_is_appended_tells_its_own_seconds(meters: Meters) -> None:
    meters.appended([some_event(trained("0", {"0": 0}))], 0.25)
    meters.appended([some_event(queried(seconds=4)), some_event(evaluated("0"))], 0.5)

    assert (value(meters, "append_seconds_count"), value(meters, "append_seconds_sum")) == (2, 0.75)
    assert of_project(meters, "training_seconds_sum") == 1
    assert of_project(meters, "query_seconds_sum") == 4
    assert of_project(meters, "evaluation_seconds_sum") == 1
    assert of_project(meters, "events_appended_total", type="ModelTrained") == 1


def test_work_tells_since_when_it_is_under_way(meters: Meters) -> None:
    with meters.working(PROJECT):
        assert (of_project(meters, "work_started_timestamp_seconds") or 0) > START.timestamp()

    assert of_project(meters, "work_started_timestamp_seconds") == 0
    assert value(meters, "work_seconds_count") == 1


def test_work_that_fails_is_not_under_way_and_not_timed(meters: Meters) -> None:
    with pytest.raises(ValueError, match="odd"), meters.working(PROJECT):
        raise ValueError("odd")

    assert of_project(meters, "work_started_timestamp_seconds") == 0
    assert value(meters, "work_seconds_count") is None


def test_failures_are_counted_by_kind(meters: Meters) -> None:
    meters.failed(PROJECT, "out-of-memory")
    meters.failed(PROJECT, "disk-full")
    meters.failed(PROJECT, "disk-full")

    assert of_project(meters, "failures_total", kind="disk-full") == 2
    assert of_project(meters, "failures_total", kind="out-of-memory") == 1


def test_projects_are_told_as_they_are_when_asked(meters: Meters) -> None:
    told = Told(history_of(project(), queried(), queried("1", (3, 4, 5))))
    meters.projects.own({PROJECT: told})
    assert of_project(meters, "batches_open") == 2

    told.history = history_of(project(), queried(), queried("1", (3, 4, 5)), all_answered())

    assert of_project(meters, "batches_open") == 1
    assert of_project(meters, "texts_answered") == 3
    assert of_project(meters, "halted") == 0


def test_conflicts_duplicates_and_a_halt_are_told(meters: Meters) -> None:
    history = history_of(project(), queried(), queried(), queried(items=(7, 8, 9)))
    history.add(Event({**some_event(queried("1")).attributes, "id": "x", "datahash": "another"}, b"{}"))

    meters.projects.own({PROJECT: Told(history)})

    assert [of_project(meters, name) for name in ("conflicts", "duplicates", "halted")] == [1, 1, 1]


def test_a_project_that_was_lost_is_told_no_more(meters: Meters) -> None:
    meters.projects.own({PROJECT: Told(History(PROJECT)), "news-1": Told(History("news-1"))})
    meters.projects.own({"news-1": Told(History("news-1"))})

    assert of_project(meters, "batches_open") is None
    assert value(meters, "batches_open", project="news-1") == 0


def test_the_lag_is_told(meters: Meters) -> None:
    meters.lag.folded(START)
    meters.lag.behind(7)

    assert value(meters, "lag_events") == 7
    assert (value(meters, "lag_seconds") or 0) > 0
