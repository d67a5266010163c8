"""Argilla's webhooks, delivered by this process: the official server leaves that to a worker of a queue.

An event is prepared only where a webhook wants it, for it takes as long as the rest of an answer. A receiver
may be slow or away.
"""

import asyncio
import logging
import sched
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol
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
from labelloop.errors import one_line

RETRIES = (10, 60, 180)
"""Seconds until a delivery that failed is tried again, as Argilla's own worker has it."""
MOST = 200
"""How many deliveries may wait for one receiver. Further events are lost to it."""
logger = logging.getLogger(__name__)


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


class Subscription(Protocol):
    """Which events go where."""

    url: str
    events: list[str]


class Courier:
    """Delivers the events of one webhook by `notify`, in a thread of its own that ends with the process.

    A receiver that does not answer keeps nobody waiting, neither people nor other receivers.
    """

    def __init__(self, webhook: Subscription, notify: Callable[..., httpx.Response]) -> None:
        self.webhook = webhook
        self._notify = notify
        self._due = sched.scheduler(time.monotonic)
        self._wakes = threading.Event()
        self._is_over = False
        self._fails = False
        threading.Thread(target=self._run, name="webhook", daemon=True).start()

    def take(self, event: str, timestamp: datetime, data: dict[str, Any]) -> None:
        """Deliver an event as soon as it can be."""
        if len(self._due.queue) < MOST:
            self._deliver_in(0, event, timestamp, data, RETRIES)

    def end(self) -> None:
        """Deliver nothing more."""
        self._is_over = True
        self._wakes.set()

    def _deliver_in(self, seconds: float, *delivery: Any) -> None:
        self._due.enter(seconds, 0, self._deliver, delivery)
        self._wakes.set()

    def _run(self) -> None:
        while not self._is_over:
            soon = self._due.run(blocking=False)
            self._wakes.wait(soon)
            self._wakes.clear()

    def _deliver(
        self, event: str, timestamp: datetime, data: dict[str, Any], retries: tuple[int, ...]
    ) -> None:
        if self._is_over:
            return
        try:
            self._notify(self.webhook, event, timestamp, data).raise_for_status()
        except Exception as error:  # Whatever is wrong with a webhook is no failure of the server.
            self._tell(error)
            if retries:
                self._deliver_in(retries[0], event, timestamp, data, retries[1:])
        else:
            self._fails = False

    def _tell(self, error: Exception) -> None:
        """Say once that the receiver does not take events, without the credentials that its URL may hold."""
        if not self._fails:
            url = httpx.URL(self.webhook.url)
            reason = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else error
            logger.warning("the webhook at %s:%s takes no events: %s", url.host, url.port, one_line(reason))
        self._fails = True
