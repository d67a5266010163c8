"""When a service counts as stuck, and when as ready."""

import asyncio

import pytest

from labelloop.observe import health as module
from labelloop.observe.health import LOG, Health
from tests.support.clock import Clock
from tests.support.controllers import until
from tests.support.messages import names


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
