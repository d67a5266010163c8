"""Deliveries that fail are tried again, and do not pile up."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from labelloop.oracle.server import webhooks
from labelloop.oracle.server.webhooks import Courier
from tests.support.controllers import until
from tests.support.messages import levels
from tests.support.plain_http import NO_TLS
from tests.support.receivers import Hook, a_hook

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def send(webhook: Any, event: str, timestamp: datetime, data: dict[str, Any]) -> httpx.Response:
    return httpx.post(webhook.url, json={"type": event, **data}, verify=NO_TLS)


def to(hook: Hook) -> Courier:
    return Courier(SimpleNamespace(url=hook.plain_url, events=["test"]), send)


async def test_a_delivery_that_fails_is_tried_again_as_often_as_argilla_would(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhooks, "RETRIES", (0, 0, 0))
    with a_hook() as hook:
        hook.statuses = [500] * 4
        delivering = to(hook)

        delivering.take("test", NOW, {"number": 1})
        await until(lambda: len(hook.posted) == 4)
        delivering.take("test", NOW, {"number": 2})
        await until(lambda: len(hook.posted) == 5)

    assert [event["number"] for event in hook.posted] == [1, 1, 1, 1, 2]
    assert levels(caplog, "127.0.0.1", 500) == ["WARNING"], "it is told once"


async def test_a_receiver_that_is_away_has_a_bounded_number_of_events_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 3)
    with a_hook() as hook:
        hook.answers.clear()
        delivering = to(hook)
        delivering.take("test", NOW, {"number": 0})
        await until(lambda: len(hook.posted) == 1)

        for number in range(1, 10):
            delivering.take("test", NOW, {"number": number})
        hook.answers.set()
        await until(lambda: len(hook.posted) == 4)
        delivering.take("test", NOW, {"number": 10})
        await until(lambda: len(hook.posted) == 5)

    assert [event["number"] for event in hook.posted] == [0, 1, 2, 3, 10]


async def test_a_webhook_that_is_gone_gets_nothing_more() -> None:
    with a_hook() as hook:
        hook.answers.clear()
        delivering = to(hook)
        delivering.take("test", NOW, {"number": 0})
        await until(lambda: len(hook.posted) == 1)
        delivering.take("test", NOW, {"number": 1})

        delivering.end()
        hook.answers.set()
        other = to(hook)
        other.take("test", NOW, {"number": 2})
        await until(lambda: len(hook.posted) == 2)

    assert [event["number"] for event in hook.posted] == [0, 2]
