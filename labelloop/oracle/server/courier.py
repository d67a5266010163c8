"""Deliver events to one receiver, which may be slow or away."""

import logging
import sched
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import httpx

from labelloop.errors import one_line

RETRIES = (10, 60, 180)
"""Seconds until a delivery that failed is tried again, as Argilla's own worker has it."""
MOST = 200
"""How many deliveries may wait for one receiver. Further events are lost to it."""
logger = logging.getLogger(__name__)


class Webhook(Protocol):
    """Which events go where."""

    url: str
    events: list[str]


class Courier:
    """Delivers the events of one webhook by `notify`, in a thread of its own that ends with the process.

    A receiver that does not answer keeps nobody waiting, neither people nor other receivers.
    """

    def __init__(self, webhook: Webhook, notify: Callable[..., httpx.Response]) -> None:
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
