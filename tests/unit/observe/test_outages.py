"""An outage is said once, whoever meets it, and so is its end."""

import logging

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.observe.outages import Outages

KAFKA_HANGS = Unavailable("Kafka hangs up", outage="Kafka")
KAFKA_IS_AWAY = Unavailable("Kafka is away", outage="Kafka")
ARGILLA_IS_AWAY = Unavailable("Argilla is away", outage="Argilla")


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
    assert caplog.messages == ["Kafka hangs up; joining again"]

    outages.over("log")
    assert len(caplog.messages) == 1
    outages.over("mail work")

    assert caplog.messages[1:] == ["it works again (before: Kafka hangs up)"]


def test_each_outage_is_said(outages: Outages, caplog: pytest.LogCaptureFixture) -> None:
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.met("mail poll", ARGILLA_IS_AWAY)
    outages.met("mail poll", UserError("Argilla refuses the key"))

    assert caplog.messages == [
        "Kafka is away; trying again",
        "Argilla is away; trying again",
        "Argilla refuses the key; trying again",
    ]


def test_an_outage_that_comes_again_is_said_again(outages: Outages, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        outages.met("log", KAFKA_IS_AWAY)
        outages.over("log")

    assert len(caplog.messages) == 4


def test_nothing_is_over_because_a_part_ends_or_was_well(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.left("mail work")
    outages.over("mail work")
    outages.over("mail poll")

    assert caplog.messages == ["Kafka is away; trying again"]
