"""How far behind the log a service is."""

from datetime import UTC, datetime

import pytest

from labelloop.observe.metrics import Lag
from tests.support.clock import Clock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON.timestamp())


@pytest.fixture
def lag(clock: Clock) -> Lag:
    return Lag(clock)


def test_who_has_folded_all_has_no_lag(lag: Lag, clock: Clock) -> None:
    lag.folded(NOON)
    lag.behind(0)
    clock.now += 3600

    assert (lag.events(), lag.seconds()) == (0, 0)


def test_the_lag_is_as_old_as_the_last_moment_when_all_was_folded(lag: Lag, clock: Clock) -> None:
    lag.folded(NOON)
    clock.now += 100
    lag.behind(0)
    clock.now += 7

    lag.behind(3)

    assert (lag.events(), lag.seconds()) == (3, 7)


def test_who_reads_a_long_history_is_as_far_behind_as_what_it_reads(lag: Lag, clock: Clock) -> None:
    clock.now += 3600
    lag.behind(5000)
    assert lag.seconds() == 0  # nothing is known of the age yet

    lag.folded(NOON)

    assert (lag.events(), lag.seconds()) == (5000, 3600)


def test_clocks_that_differ_make_no_lag_negative(lag: Lag, clock: Clock) -> None:
    clock.now -= 60
    lag.folded(NOON)
    lag.behind(1)

    assert lag.seconds() == 0
