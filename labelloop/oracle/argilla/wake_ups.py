"""Have Argilla tell this process when somebody answers, by a webhook that is made and deleted here.

A wake-up only makes a poll come earlier. Polling goes on, so it does not matter if a webhook is lost or late.
"""

import asyncio
import hashlib
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from labelloop.backoff import Backoff
from labelloop.config.environment import LOOPBACK
from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.receiver import Receiver
from labelloop.oracle.argilla.webhooks import Webhook
from labelloop.oracle.base import Missing, Refused, Rejected

CHECK_EVERY = 60.0
LISTEN_EVERY = 5.0
"""Seconds in which Argilla must have told of an answer that a poll saw."""
DEAD_AFTER = timedelta(minutes=10)
"""How long its owner has not touched a webhook when anybody deletes it."""
PATIENCE = 2.0
"""Seconds that the webhook's deletion may take at the end."""
MOST_WAITING = 1000
OURS = re.compile(r"labelloop's annotation watcher (?P<owner>[0-9a-f]{12}):")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where this process listens, and the URL at which Argilla reaches it. Port 0: any that is free.

    `owner` tells the process from others, also after a restart.
    """

    url: str
    host: str
    port: int
    owner: str

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "Address | None":
        """None if there is no URL. Raises UserError for one that is wrong."""
        if not settings.webhook_url:
            return None
        name = socket.gethostname()
        url = settings.webhook_url.replace("{hostname}", name).rstrip("/")
        problem = f"LABELLOOP_WEBHOOK_URL is {settings.webhook_url!r}: give an address of this watcher, "
        try:
            parts = urlsplit(url)
            port = settings.webhook_port if settings.webhook_port is not None else parts.port
        except ValueError as error:
            raise UserError(f"{problem}as http://host:8081") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"{problem}as http://host:8081")
        if port is None:
            raise UserError(f"{problem}with a port, or give LABELLOOP_WEBHOOK_PORT")
        host = parts.hostname.replace("localhost", "127.0.0.1") if parts.hostname in LOOPBACK else "0.0.0.0"
        # One home has one watcher, at another port each time; one without a home has a URL that stays.
        named = f"{name} {settings.run.resolve()}" if settings.run is not None else url
        owner = hashlib.sha256(named.encode()).hexdigest()[:12]
        return cls(url, settings.webhook_host or host, port, owner)

    def reached_at(self, port: int) -> str:
        """The URL, if it is this port that was free."""
        parts = urlsplit(self.url)
        if parts.port != 0:
            return self.url
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))


class PolledProject(Protocol):
    """A project that is polled. `answered_at`: when somebody answered last, as far as polls saw."""

    @property
    def answered_at(self) -> str | None: ...

    def read_anew(self) -> None:
        """Read everything anew at the next poll."""
        ...


class WakeUps:
    """Wake-ups of projects, by their ids, by one webhook."""

    def __init__(self, argilla: Argilla, address: Address, projects: Mapping[str, PolledProject]) -> None:
        self._argilla = argilla
        self._address = address
        self._projects = projects
        self._webhook: Webhook | None = None
        self._problem: str | None = None
        self._first_seen: dict[str, str] = {}
        self._is_answered = False

    async def keep(self, answered: Callable[[str], Awaitable[None]]) -> None:
        """Call `answered` with the id of a project whenever somebody answers there, until cancelled.

        It returns, after a line in the log, where Argilla offers no webhooks, or the address is not free.
        """
        loop, names = asyncio.get_running_loop(), asyncio.Queue[str](MOST_WAITING)

        def put(name: str) -> None:
            with suppress(asyncio.QueueFull):
                names.put_nowait(name)

        def on_answer(name: str) -> None:
            with suppress(RuntimeError):  # The loop is closed.
                loop.call_soon_threadsafe(put, name)

        async def hand_on() -> None:
            while True:
                name = await names.get()
                # Where labels changed, the names of later data sets say which they are.
                for project in {name, re.sub(r"-v[0-9]+$", "", name)} & self._projects.keys():
                    self._projects[project].read_anew()
                    await answered(project)

        try:
            receiver = Receiver(self._address.host, self._address.port, on_answer)
        except OSError as error:
            where = f"{self._address.host}:{self._address.port} ({error.strerror})"
            logger.warning("no webhooks can be received on %s: answers are found by polls alone", where)
            return
        handing_on = asyncio.create_task(hand_on())
        try:
            await self._keep_registered(receiver)
        finally:
            handing_on.cancel()
            receiver.close()
            await self._delete()

    async def _keep_registered(self, receiver: Receiver) -> None:
        url, backoff = self._address.reached_at(receiver.port), Backoff(limit=CHECK_EVERY)
        while True:
            try:
                self._webhook = await self._registered(url)
            except (Missing, Refused) as error:
                self._tell_once(f"Argilla takes no webhook ({error}): answers are found by polls alone")
                return
            except Unavailable:
                await asyncio.sleep(backoff.next())  # The polls tell of it.
            except (Rejected, UserError) as error:
                self._tell_once(f"Argilla takes no webhook of ours for now: {error}")
                await asyncio.sleep(backoff.next())
            else:
                if receiver.secret is None:
                    logger.info("Argilla tells of answers at %s", url)
                receiver.secret = self._webhook.secret
                backoff.reset()
                pause = min(LISTEN_EVERY, CHECK_EVERY)
                for _ in range(round(CHECK_EVERY / pause)):
                    self._tell_deafness(receiver, url)
                    await asyncio.sleep(pause)

    async def _registered(self, url: str) -> Webhook:
        """Our webhook, made or brought up to date. Those of the dead are deleted: Argilla takes ten."""
        now = (await self._argilla.about()).time or datetime.now(UTC)
        by_owner: dict[str, list[Webhook]] = {}
        for webhook in await self._argilla.webhooks():
            if made := OURS.match(webhook.description):
                by_owner.setdefault(made["owner"], []).append(webhook)
        ours = by_owner.pop(self._address.owner, [])
        theirs = [webhook for webhooks in by_owner.values() for webhook in webhooks]
        dead = [webhook for webhook in theirs if now - webhook.updated_at > DEAD_AFTER]
        for webhook in (*ours[1:], *dead):
            await self._argilla.delete_webhook(webhook.id)
        # The time makes it another text each time: otherwise Argilla would not note that it was touched.
        described = (
            f"labelloop's annotation watcher {self._address.owner}: so that it looks at once when somebody "
            f"answers. It was alive at {now:%Y-%m-%d %H:%M:%S} UTC, and deletes this when it stops."
        )
        for webhook in ours[:1]:
            with suppress(Missing):
                return await self._argilla.change_webhook(webhook.id, url, described)
        return await self._argilla.create_webhook(url, described)

    def _tell_deafness(self, receiver: Receiver, url: str) -> None:
        """Tell of events that do not come, or come in vain."""
        was_answered, self._is_answered = self._is_answered, self._has_seen_an_answer()
        if receiver.heard:
            return
        if receiver.refused:
            why = f"what comes to {url} is not signed by Argilla, or 5 minutes old: compare the clocks"
            self._tell_once(f"{why}; answers are found by polls alone")
        elif was_answered:
            why = f"somebody answered, and Argilla did not tell it to {url}: can it reach this address?"
            self._tell_once(f"{why} Answers are found by polls alone")

    def _has_seen_an_answer(self) -> bool:
        """Whether polls saw that somebody answered, after they first saw the project."""
        seen = {name: each.answered_at for name, each in self._projects.items()}
        known = {name: at for name, at in seen.items() if at is not None}
        self._first_seen = {**known, **self._first_seen}
        return any(self._first_seen[name] != at for name, at in known.items())

    def _tell_once(self, problem: str) -> None:
        if problem != self._problem:
            logger.warning("%s", problem)
        self._problem = problem

    async def _delete(self) -> None:
        """Delete our webhook, unless another watcher has taken it over."""
        ours = self._webhook
        if ours is None:
            return
        with suppress(Unavailable, UserError, Missing, Rejected, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for webhook in await self._argilla.webhooks():
                    if (webhook.id, webhook.url) == (ours.id, ours.url):
                        await self._argilla.delete_webhook(webhook.id)
