"""What is counted and timed, as Prometheus would read it."""

import platform
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from labelloop.loop.history import History
from labelloop.observe.metrics import Metrics
from schemas.envelope import Event, new_event
from schemas.events import EventData, ProjectPaused
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
def metrics() -> Metrics:
    return Metrics("trainer")


@dataclass
class Told:
    history: History


def history_of(*told: EventData) -> History:
    history = History(PROJECT)
    for minute, data in enumerate(told):
        history.add(new_event(PROJECT, data, source="tests", time=START + timedelta(minutes=minute)))
    return history


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"labelloop_{name}", {"service": "trainer", **labels})


def of_project(metrics: Metrics, name: str, **labels: str) -> float | None:
    return value(metrics, name, project=PROJECT, **labels)


def some_event(data: EventData) -> Event:
    return new_event(PROJECT, data, source="tests")


def test_which_version_runs_is_told(metrics: Metrics) -> None:
    labels = {"version": version("labelloop"), "python": platform.python_version()}

    assert value(metrics, "build_info", **labels) == 1


def test_failures_and_waits_of_a_project_begin_at_zero(metrics: Metrics) -> None:
    assert of_project(metrics, "waits_total") is None

    metrics.own({PROJECT: Told(history_of(project()))})
    metrics.failed(PROJECT, "disk-full")
    metrics.own({PROJECT: Told(history_of(project()))})

    assert of_project(metrics, "waits_total") == 0
    assert of_project(metrics, "failures_total", kind="error") == 0
    assert of_project(metrics, "failures_total", kind="disk-full") == 1


def test_a_paused_project_is_told(metrics: Metrics) -> None:
    metrics.own({PROJECT: Told(history_of(project(), ProjectPaused(request="1", who="ada")))})

    assert of_project(metrics, "paused") == 1


def test_what_is_scraped_can_be_parsed_and_each_metric_says_what_it_is(metrics: Metrics) -> None:
    metrics.own({PROJECT: Told(history_of(project()))})

    found = list(text_string_to_metric_families(generate_latest(metrics.registry).decode()))

    ours = [family for family in found if family.name.startswith("labelloop_")]
    assert all(family.documentation for family in ours)
    assert {"labelloop_lag_events", "labelloop_takeovers", "labelloop_batches_open"} <= {f.name for f in ours}
    assert "process_resident_memory_bytes" in {family.name for family in found}


def test_each_metric_is_described(metrics: Metrics) -> None:
    described = (Path(__file__).resolve().parents[3] / "docs" / "observe.md").read_text(encoding="utf-8")

    ours = {f.name for f in metrics.registry.collect() if f.name.startswith("labelloop_")}

    assert {name for name in ours if f"`{name.removeprefix('labelloop_')}" not in described} == set()


def test_two_services_in_one_process_do_not_count_together(metrics: Metrics) -> None:
    other = Metrics("trainer")

    metrics.taken_over()

    assert (value(metrics, "takeovers_total"), value(other, "takeovers_total")) == (1, 0)


def test_events_that_came_are_counted_by_type(metrics: Metrics) -> None:
    before, after = state_of(project()), state_of(project(), queried())
    metrics.handled(some_event(queried()), before, after)

    newer = Event({**some_event(queried()).attributes, "type": "labelloop.AnswersExplained.v9"}, b"{}")
    metrics.handled(newer, after, after)

    assert of_project(metrics, "events_handled_total", type="BatchQueried") == 1
    assert of_project(metrics, "events_handled_total", type="unknown") == 1


def test_labels_are_counted_once_a_text_however_often_they_are_told(metrics: Metrics) -> None:
    partly = recorded(votes(0, vote("ann", "spam")), votes(1, vote("ann", status="draft")))
    told: list[EventData] = [project(), queried(), partly, all_answered(), all_answered(revision=1)]

    for count in range(1, len(told)):
        metrics.handled(some_event(told[count]), state_of(*told[:count]), state_of(*told[: count + 1]))

    assert of_project(metrics, "labels_total") == 3


def test_a_label_that_is_withdrawn_takes_nothing_from_the_count(metrics: Metrics) -> None:
    told: list[EventData] = [project(), queried(), all_answered(), all_answered(items=(0,), revision=1)]

    for count in (2, 3):
        metrics.handled(some_event(told[count]), state_of(*told[:count]), state_of(*told[: count + 1]))

    assert of_project(metrics, "labels_total") == 3


def test_an_event_that_did_not_count_is_no_label(metrics: Metrics) -> None:
    state = state_of(project(), queried(), all_answered())

    metrics.handled(some_event(all_answered()), state, state)

    assert of_project(metrics, "events_handled_total", type="BatchAnnotated") == 1
    assert of_project(metrics, "labels_total") is None


def test_appending_is_timed_and_what_is_appended_tells_its_own_seconds(metrics: Metrics) -> None:
    metrics.appended([some_event(trained("0", {"0": 0}))], 0.25)
    metrics.appended([some_event(queried(seconds=4)), some_event(evaluated("0"))], 0.5)

    assert (value(metrics, "append_seconds_count"), value(metrics, "append_seconds_sum")) == (2, 0.75)
    assert of_project(metrics, "training_seconds_sum") == 1
    assert of_project(metrics, "query_seconds_sum") == 4
    assert of_project(metrics, "evaluation_seconds_sum") == 1
    assert of_project(metrics, "events_appended_total", type="ModelTrained") == 1


def test_work_tells_since_when_it_is_under_way(metrics: Metrics) -> None:
    with metrics.working(PROJECT):
        assert (of_project(metrics, "work_started_timestamp_seconds") or 0) > START.timestamp()

    assert of_project(metrics, "work_started_timestamp_seconds") == 0
    assert value(metrics, "work_seconds_count") == 1


def test_work_that_fails_is_not_under_way_and_not_timed(metrics: Metrics) -> None:
    with pytest.raises(ValueError, match="odd"), metrics.working(PROJECT):
        raise ValueError("odd")

    assert of_project(metrics, "work_started_timestamp_seconds") == 0
    assert value(metrics, "work_seconds_count") is None


def test_failures_are_counted_by_kind(metrics: Metrics) -> None:
    metrics.failed(PROJECT, "out-of-memory")
    metrics.failed(PROJECT, "disk-full")
    metrics.failed(PROJECT, "disk-full")

    assert of_project(metrics, "failures_total", kind="disk-full") == 2
    assert of_project(metrics, "failures_total", kind="out-of-memory") == 1


def test_projects_are_told_as_they_are_when_asked(metrics: Metrics) -> None:
    told = Told(history_of(project(), queried(), queried("1", (3, 4, 5))))
    metrics.own({PROJECT: told})
    assert of_project(metrics, "batches_open") == 2

    told.history = history_of(project(), queried(), queried("1", (3, 4, 5)), all_answered())

    assert of_project(metrics, "batches_open") == 1
    assert of_project(metrics, "texts_answered") == 3
    assert of_project(metrics, "halted") == 0


def test_conflicts_duplicates_and_a_halt_are_told(metrics: Metrics) -> None:
    history = history_of(project(), queried(), queried(), queried(items=(7, 8, 9)))
    history.add(Event({**some_event(queried("1")).attributes, "id": "x", "datahash": "another"}, b"{}"))

    metrics.own({PROJECT: Told(history)})

    assert [of_project(metrics, name) for name in ("conflicts", "duplicates", "halted")] == [1, 1, 1]


def test_a_project_that_was_lost_is_told_no_more(metrics: Metrics) -> None:
    metrics.own({PROJECT: Told(History(PROJECT)), "news-1": Told(History("news-1"))})
    metrics.own({"news-1": Told(History("news-1"))})

    assert of_project(metrics, "batches_open") is None
    assert value(metrics, "batches_open", project="news-1") == 0


def test_the_lag_is_told(metrics: Metrics) -> None:
    metrics.lag.folded(START)
    metrics.lag.behind(7)

    assert value(metrics, "lag_events") == 7
    assert (value(metrics, "lag_seconds") or 0) > 0
