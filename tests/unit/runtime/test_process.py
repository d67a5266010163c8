"""A service as a process: how it ends."""

import asyncio
import os
import signal

import pytest

from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.settings import Observing
from labelloop.runtime.process import keep
from tests.support.messages import levels


async def test_a_service_that_was_asked_to_stop_says_so_after_what_an_earlier_one_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(status: ServiceStatus) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    with caplog.at_level("INFO"):
        ended_by = await keep("trainer", work, Observing(), run=None, parent=os.getppid())

    assert ended_by == signal.SIGTERM
    assert levels(caplog, "stopping", "SIGTERM") == ["INFO"]
