"""What a service lacks and what it waits for: its health, and outages in its log."""

import asyncio
import logging
from pathlib import Path

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.observe import service_status as module
from labelloop.observe.service_status import LOG, Health, Outages, ServiceStatus
from labelloop.observe.status_file import read_status_file
from tests.support.clock import Clock
from tests.support.controllers import until
from tests.support.messages import levels, names

KAFKA_HANGS = Unavailable("Kafka hangs up", outage="Kafka")
KAFKA_IS_AWAY = Unavailable("Kafka is away", outage="Kafka")
ARGILLA_IS_AWAY = Unavailable("Argilla is away", outage="Argilla")


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(stale_after=30, clock=clock)


def test_who_starts_is_well_and_not_ready(health: Health) -> None:
    assert health.sickness() is None
    assert health.unreadiness()


def test_who_has_the_log_is_ready(health: Health) -> None:
    health.lacks(LOG, None)

    assert health.unreadiness() is None


def test_each_thing_that_lacks_is_told_until_it_is_there(health: Health) -> None:
    health.lacks(LOG, None)
    health.lacks("mail poll", "Argilla is away")
    health.lacks("mail work", "the store is away")
    assert names(health.unreadiness(), "Argilla is away", "the store is away")

    health.lacks("mail poll", None)
    assert health.unreadiness() == "the store is away"

    health.lacks("mail work", None)
    assert health.unreadiness() is None


def test_status_file_and_metrics_tell_what_is_due_and_how_far_behind_it_is(tmp_path: Path) -> None:
    status = ServiceStatus("trainer", tmp_path)

    def told() -> list[tuple[float | None, object]]:
        said = read_status_file(tmp_path, "trainer")
        value = status.metrics.registry.get_sample_value
        return [
            (value(f"labelloop_{name}", {"service": "trainer"}), said.get(name))
            for name in ("work_due", "lag_events")
        ]

    status.does("mail work", "mail: train model 0")
    status.does("news work", "news: train model 3")
    status.does("news work", "news: train model 3")
    status.behind(7)
    assert told() == [(2, 2), (7, 7)]

    status.does("mail work", None)
    status.ended("news work")
    status.behind(0)
    assert told() == [(0, 0), (0, 0)]


def test_what_is_away_for_many_is_told_once(health: Health) -> None:
    health.lacks(LOG, None)
    for project in ("mail", "news"):
        health.lacks(f"{project} poll", "Argilla is away")

    assert health.unreadiness() == "Argilla is away"


def test_who_gives_no_sign_of_life_is_sick_and_not_ready(health: Health, clock: Clock) -> None:
    health.lacks(LOG, None)

    clock.now += 30
    assert health.sickness() is None
    clock.now += 1
    assert names(health.sickness(), "31 s")
    assert health.unreadiness() == health.sickness()

    health.beat()
    assert health.sickness() is None
    assert health.unreadiness() is None


async def test_an_event_loop_that_gets_on_beats_by_itself(
    health: Health, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INTERVAL", 0.001)
    beating = asyncio.create_task(health.keep_beating())

    for _ in range(3):
        clock.now += 60
        await until(lambda: health.age() == 0)

    beating.cancel()


@pytest.fixture
def outages(caplog: pytest.LogCaptureFixture) -> Outages:
    caplog.set_level(logging.INFO)
    return Outages()


def test_of_several_that_meet_an_outage_the_first_says_it_and_the_last_that_it_is_over(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.met("log", KAFKA_HANGS, "joining again")
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.met("mail work", KAFKA_HANGS)
    assert levels(caplog) == ["WARNING"]
    assert names(caplog.messages[0], "Kafka hangs up", "joining again")

    outages.recovered("log")
    assert len(caplog.messages) == 1
    outages.recovered("mail work")

    assert levels(caplog, "Kafka hangs up") == levels(caplog) == ["WARNING", "INFO"]


def test_each_outage_is_said(outages: Outages, caplog: pytest.LogCaptureFixture) -> None:
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.met("mail poll", ARGILLA_IS_AWAY)
    outages.met("mail poll", UserError("Argilla refuses the key"))

    assert levels(caplog) == ["WARNING"] * 3
    for message, outage in zip(
        caplog.messages, ("Kafka is away", "Argilla is away", "Argilla refuses the key"), strict=True
    ):
        assert names(message, outage)


def test_an_outage_that_comes_again_is_said_again(outages: Outages, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        outages.met("log", KAFKA_IS_AWAY)
        outages.recovered("log")

    assert levels(caplog, "Kafka is away") == ["WARNING", "INFO"] * 2


def test_nothing_is_over_because_a_part_ends_or_was_well(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.forget("mail work")
    outages.recovered("mail work")
    outages.recovered("mail poll")

    assert levels(caplog) == levels(caplog, "Kafka is away") == ["WARNING"]
