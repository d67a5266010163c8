"""An outage is said once, whoever meets it, and so is its end."""

import logging

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.observe.outages import Outages
from tests.support.messages import levels, names

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
    assert levels(caplog) == ["WARNING"]
    assert names(caplog.messages[0], "Kafka hangs up", "joining again")

    outages.over("log")
    assert len(caplog.messages) == 1
    outages.over("mail work")

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
        outages.over("log")

    assert levels(caplog, "Kafka is away") == ["WARNING", "INFO"] * 2


def test_nothing_is_over_because_a_part_ends_or_was_well(
    outages: Outages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.met("mail work", KAFKA_IS_AWAY)
    outages.left("mail work")
    outages.over("mail work")
    outages.over("mail poll")

    assert levels(caplog) == levels(caplog, "Kafka is away") == ["WARNING"]
