"""Waiting for what is away."""

import logging
from functools import partial
from pathlib import Path

import pytest

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import read_status_file
from labelloop.runtime.retry import Retry
from tests.support.messages import levels, names

NAME = "alerting"


class Failing:
    """Raises the errors one after the other, then gives an answer."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def __call__(self) -> str:
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


@pytest.fixture
def patience(tmp_path: Path) -> Retry:
    return Retry(ServiceStatus(NAME, tmp_path), "log", partial(Backoff, 0.001, 0.001))


async def test_an_outage_is_said_once_and_when_it_is_over(
    patience: Retry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    refused, timed_out = Unavailable("refused", outage="Kafka"), Unavailable("timed out", outage="Kafka")

    assert await patience.until_done(Failing(refused, timed_out, refused)) == "answer"

    met, over = caplog.records
    assert (met.levelname, over.levelname) == ("WARNING", "INFO")
    assert names(met.message, "refused")
    assert names(over.message, "refused")


async def test_another_outage_is_said_too(patience: Retry, caplog: pytest.LogCaptureFixture) -> None:
    await patience.until_done(Failing(Unavailable("refused"), UserError("disk full")))

    assert levels(caplog) == ["WARNING"] * 2
    assert [names(message, "disk full") for message in caplog.messages] == [False, True]


async def test_the_slot_tells_what_is_waited_for(patience: Retry, tmp_path: Path) -> None:
    await patience.wait(Unavailable("refused"))
    assert read_status_file(tmp_path, NAME)["waiting"] == "refused"

    patience.is_over()

    assert "waiting" not in read_status_file(tmp_path, NAME)


async def test_what_waiting_does_not_mend_is_raised(patience: Retry) -> None:
    with pytest.raises(ValueError, match="odd"):
        await patience.until_done(Failing(ValueError("odd")))
