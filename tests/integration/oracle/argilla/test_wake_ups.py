"""The webhook of a watcher in a real Argilla: made, kept, told by, and deleted; and those of the dead."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from labelloop.oracle.argilla import Argilla, Dataset
from labelloop.oracle.argilla import wake_ups as module
from labelloop.oracle.argilla.wake_ups import Address, WakeUps
from tests.integration.oracle.argilla.conftest import text
from tests.support.argilla_server import ArgillaServer
from tests.support.controllers import until
from tests.support.messages import lines
from tests.support.people import Person
from tests.support.plain_http import NO_TLS

OWNER, ANOTHER = "0123456789ab", "ba9876543210"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It looks after its webhook more often than it does for users."""
    monkeypatch.setattr(module, "CHECK_EVERY", 0.1)
    caplog.set_level(logging.INFO, logger=module.__name__)


@pytest.fixture(autouse=True)
async def _none_left(argilla: Argilla) -> AsyncIterator[None]:
    yield
    for webhook in await argilla.webhooks():
        await argilla.delete_webhook(webhook.id)


def here(owner: str = OWNER, url: str = "http://127.0.0.1:0") -> Address:
    return Address(url, "127.0.0.1", 0, owner)


@dataclass
class Polled:
    """A project as polls saw it; `looks`: how often it was asked when somebody answered."""

    at: str | None = "2026-01-01"
    looks: int = 0
    reads_anew: bool = False

    @property
    def answered_at(self) -> str | None:
        self.looks += 1
        return self.at

    def read_anew(self) -> None:
        self.reads_anew = True

    async def looked_at(self) -> None:
        """The webhooks were looked after once more, from beginning to end."""
        before = self.looks
        await until(lambda: self.looks >= before + 2)


@asynccontextmanager
async def kept(
    argilla: Argilla, address: Address, **projects: Polled
) -> AsyncIterator[tuple["asyncio.Task[None]", list[str]]]:
    """Its task, and the projects that it tells."""
    read_anew: list[str] = []

    async def tell(project: str) -> None:
        read_anew.append(project)

    task = asyncio.create_task(WakeUps(argilla, address, projects).keep(tell))
    try:
        yield task, read_anew
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def urls(argilla: Argilla) -> list[str]:
    return [webhook.url for webhook in await argilla.webhooks()]


async def until_there(argilla: Argilla, holds: Callable[[list[str]], bool]) -> list[str]:
    async with asyncio.timeout(30):
        while not holds(found := await urls(argilla)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def test_an_answer_is_told_while_it_is_kept_and_no_webhook_is_left_after_it(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer, caplog: pytest.LogCaptureFixture
) -> None:
    await argilla.put_records(dataset, [text(0, 0)])
    (record,) = await argilla.records(dataset, 0)
    ann = await asyncio.to_thread(Person, argilla_server)

    project, other = Polled(), Polled()

    async with kept(argilla, here(), **{dataset.name: project, "news": other}) as (_, read_anew):
        await until(lambda: bool(lines(caplog, "127.0.0.1")))
        ann.answer(record.id, "spam")
        await until(lambda: bool(read_anew))

    assert read_anew == [dataset.name]
    assert (project.reads_anew, other.reads_anew) == (True, False)
    assert await urls(argilla) == []


async def test_one_that_was_left_by_a_kill_is_taken_over_at_the_new_address(argilla: Argilla) -> None:
    for _ in range(3):
        await argilla.create_webhook(
            "http://127.0.0.1:9", f"labelloop's annotation watcher {OWNER}: of before"
        )

    async with kept(argilla, here()):
        found = await until_there(argilla, lambda found: len(found) == 1 and "127.0.0.1:9/" not in found[0])

        assert found != ["http://127.0.0.1:9/"]


async def test_one_that_is_lost_is_made_again(argilla: Argilla) -> None:
    async with kept(argilla, here()):
        await until_there(argilla, lambda found: len(found) == 1)
        for webhook in await argilla.webhooks():
            await argilla.delete_webhook(webhook.id)

        await until_there(argilla, lambda found: len(found) == 1)


async def test_those_of_the_dead_are_deleted_and_those_of_the_living_and_of_others_stay(
    argilla: Argilla, monkeypatch: pytest.MonkeyPatch
) -> None:
    await argilla.create_webhook("http://127.0.0.1:1", "somebody's own")
    await argilla.create_webhook(
        "http://127.0.0.1:2", "not labelloop's annotation watcher 0123456789ab: hello"
    )
    await argilla.create_webhook("http://127.0.0.1:3", f"labelloop's annotation watcher {ANOTHER}: hello")

    project = Polled()

    async with kept(argilla, here(), mail=project):
        found = await until_there(argilla, lambda found: len(found) == 4)
        await project.looked_at()
        assert await urls(argilla) == found

        monkeypatch.setattr(module, "DEAD_AFTER", timedelta(seconds=-60))
        left = await until_there(argilla, lambda found: len(found) == 3)

    assert {"http://127.0.0.1:1/", "http://127.0.0.1:2/"} < set(left)


async def test_another_that_took_it_over_keeps_it(argilla: Argilla, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_EVERY", 60.0)
    async with kept(argilla, here()):
        await until_there(argilla, lambda found: len(found) == 1)
        (webhook,) = await argilla.webhooks()
        await argilla.change_webhook(webhook.id, "http://127.0.0.1:9", webhook.description)

    assert await urls(argilla) == ["http://127.0.0.1:9/"]


async def test_where_argilla_has_ten_it_waits_for_room(
    argilla: Argilla, caplog: pytest.LogCaptureFixture
) -> None:
    made = [await argilla.create_webhook(f"http://127.0.0.1:{n}", "theirs") for n in range(1, 11)]

    async with kept(argilla, here()):
        await until(lambda: bool(lines(caplog, 10)))
        await argilla.delete_webhook(made[0].id)
        await until_there(argilla, lambda found: any(url not in [each.url for each in made] for url in found))

    assert len(lines(caplog, 10)) == 1, "it is told once"


async def test_without_the_right_to_make_one_it_says_so_and_ends(
    argilla_server: ArgillaServer, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await asyncio.to_thread(Person, argilla_server)

    async with Argilla(argilla_server.url, ann.key) as argilla, kept(argilla, here()) as (task, _):
        await asyncio.wait_for(task, 30)

    said = [record.levelno for record in caplog.records if record.name == module.__name__]
    assert said == [logging.WARNING]


async def test_without_an_address_that_is_free_it_says_so_and_ends(
    argilla: Argilla, argilla_server: ArgillaServer, caplog: pytest.LogCaptureFixture
) -> None:
    taken = Address(argilla_server.url, "127.0.0.1", argilla_server.port, OWNER)

    async with kept(argilla, taken) as (task, _):
        await asyncio.wait_for(task, 30)

    assert len(lines(caplog, argilla_server.port)) == 1
    assert await urls(argilla) == []


async def test_if_people_answer_and_nothing_comes_it_is_said_once(
    argilla: Argilla, caplog: pytest.LogCaptureFixture
) -> None:
    unreachable, project = here(url="http://192.0.2.1:9"), Polled(None)

    def named() -> list[logging.LogRecord]:
        return lines(caplog, "http://192.0.2.1:9")

    async with kept(argilla, unreachable, mail=project):
        await until_there(argilla, lambda found: len(found) == 1)
        await project.looked_at()
        project.at = "2026-01-01"
        await project.looked_at()
        assert [record.levelno for record in named()] == [logging.INFO], "nobody answered"

        for day in (2, 3):
            project.at = f"2026-01-{day:02d}"
            await project.looked_at()

    assert [record.levelno for record in named()] == [logging.INFO, logging.WARNING]


async def test_the_first_answer_of_which_nothing_comes_is_told_before_the_webhook_is_looked_after_again(
    argilla: Argilla,
    dataset: Dataset,
    argilla_server: ArgillaServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHECK_EVERY", 60.0)
    monkeypatch.setattr(module, "LISTEN_EVERY", 0.1)
    await argilla.put_records(dataset, [text(0, 0)])
    (record,) = await argilla.records(dataset, 0)
    ann = await asyncio.to_thread(Person, argilla_server)
    project = Polled(await argilla.last_activity(dataset))

    async with kept(argilla, here(url="http://192.0.2.1:9"), **{dataset.name: project}):
        await project.looked_at()
        await asyncio.to_thread(ann.answer, record.id, "spam")
        project.at = await argilla.last_activity(dataset)
        await until(lambda: len(lines(caplog, "http://192.0.2.1:9")) == 2)

    assert [record.levelno for record in lines(caplog, "http://192.0.2.1:9")] == [
        logging.INFO,
        logging.WARNING,
    ]


async def test_what_others_send_is_refused_and_said_once(
    argilla: Argilla, caplog: pytest.LogCaptureFixture
) -> None:
    def forge(url: str, **event: Any) -> int:
        headers = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
        return httpx.post(url, content=json.dumps(event), headers=headers, verify=NO_TLS).status_code

    async with kept(argilla, here()) as (_, read_anew):
        (url,) = await until_there(argilla, lambda found: len(found) == 1)
        while await asyncio.to_thread(forge, url) == 503:
            continue
        assert await asyncio.to_thread(forge, url) == 401
        await until(lambda: len(lines(caplog, url.rstrip("/"))) == 2)
        assert read_anew == []

    levels = [record.levelno for record in lines(caplog, url.rstrip("/"))]
    assert levels == [logging.INFO, logging.WARNING]
