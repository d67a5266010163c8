"""Argilla's webhooks, delivered by this process: the official server leaves that to a worker of a queue.

An event is prepared only where a webhook wants it, for it takes as long as the rest of an answer.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from argilla_server.contexts import datasets, webhooks
from argilla_server.database import AsyncSessionLocal
from argilla_server.jobs import webhook_jobs
from argilla_server.models import Record, Response
from argilla_server.webhooks.v1 import commons, records, responses
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from labelloop.config.environment import LOOPBACK
from labelloop.oracle.server.courier import Courier


class Couriers:
    """A courier for each webhook that is enabled, by its id."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Courier] = {}
        self._changes = asyncio.Lock()

    def want(self, event: str) -> bool:
        """Whether any webhook wants this kind of event."""
        return any(event in courier.webhook.events for courier in self._by_id.values())

    def take(self, webhook: UUID, event: str, timestamp: datetime, data: dict[str, Any]) -> None:
        """Have an event delivered, unless its webhook is gone."""
        if webhook in self._by_id:
            self._by_id[webhook].take(event, timestamp, data)

    async def read(self) -> None:
        """Know the webhooks that there are now."""
        async with self._changes:
            async with AsyncSessionLocal() as db:
                enabled = {each.id: each for each in await webhooks.list_enabled_webhooks(db)}
            for gone in self._by_id.keys() - enabled.keys():
                self._by_id.pop(gone).end()
            for id, webhook in enabled.items():
                if id in self._by_id:
                    self._by_id[id].webhook = webhook
                else:
                    self._by_id[id] = Courier(webhook, commons.notify_event)


couriers = Couriers()
_preparing: set[asyncio.Task[None]] = set()
_in_turn = asyncio.Lock()


class Untold:
    """An event that nobody wants."""

    async def notify(self, db: AsyncSession) -> list[object]:
        return []


def deliver_webhooks() -> None:
    """Deliver events from this process, and prepare none that no webhook wants.

    The event of an answer is prepared after the answer is taken. Call `couriers.read` before the first one.
    """
    webhook_jobs.notify_event_job.delay = couriers.take
    commons.httpx = SimpleNamespace(post=_post)
    for name in ("create_webhook", "update_webhook", "delete_webhook"):
        setattr(webhooks, name, _then_read(getattr(webhooks, name)))
    records.build_record_event = _if_wanted(records.build_record_event)
    # By the name under which it is called before an answer is deleted: later there is nothing to tell.
    datasets.build_response_event_v1 = _if_wanted(responses.build_response_event)
    datasets.notify_response_event_v1 = _notify_later


def _then_read(change: Callable[..., Any]) -> Callable[..., Any]:
    async def changed(*arguments: Any) -> Any:
        result = await change(*arguments)
        await couriers.read()
        return result

    return changed


def _if_wanted(build: Callable[..., Any]) -> Callable[..., Any]:
    async def built(db: AsyncSession, event: str, about: Record | Response) -> Any:
        return await build(db, event, about) if couriers.want(event) else Untold()

    return built


async def _notify_later(db: AsyncSession, event: str, response: Response) -> list[object]:
    if couriers.want(event):
        task = asyncio.get_running_loop().create_task(_notify(event, response.id))
        _preparing.add(task)
        task.add_done_callback(_preparing.discard)
    return []


async def _notify(event: str, response: UUID) -> None:
    # One after the other: many at once would take the database from those who answer.
    with suppress(NoResultFound):  # It was deleted meanwhile, which is an event of its own.
        async with _in_turn, AsyncSessionLocal() as db:
            about = await Response.get(db, response)
            if about is not None:
                await (await responses.build_response_event(db, event, about)).notify(db)


def _post(url: str, **request: Any) -> httpx.Response:
    """What `notify_event` sends, over connections that are kept: a client is slower to make than to use."""
    target = httpx.URL(url)
    return _client(target.host in LOOPBACK, target.scheme == "https").post(url, **request)


@cache
def _client(is_here: bool, verify: bool) -> httpx.Client:
    return httpx.Client(trust_env=not is_here, verify=verify)
