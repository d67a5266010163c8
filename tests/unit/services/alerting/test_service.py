"""What alerting knows of a log that it shares."""

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from labelloop.alerts.settings import BOOK
from labelloop.log.base import Follower, Log, Record
from labelloop.log.sqlite.log import SqliteLog
from schemas.envelope import new_event
from tests.support.alerts import an_alerting
from tests.support.controllers import until
from tests.support.plugged import at_work
from tests.support.receivers import a_hook
from tests.support.states import PROJECT, START, project, queried


class Shared:
    """A log of whose one partition the records were given before another member of the group got it."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator[Any]:
        async with self._log.follow(group) as follower:
            yield SharedFollower(follower)


class SharedFollower:
    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __getattr__(self, name: str) -> Any:
        return getattr(self._follower, name)

    def __aiter__(self) -> AsyncIterator[Record]:
        return aiter(self._follower)

    def partitions(self) -> Collection[int]:
        return ()


async def test_nothing_is_told_of_a_project_that_is_another_members_now(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.append(
        *(new_event(PROJECT, said, source="tests", time=START) for said in (project(), queried()))
    )
    book = tmp_path / BOOK

    with a_hook() as hook:
        async with at_work(await an_alerting(cast(Log, Shared(log)), tmp_path, hook)):
            await until(book.exists)

    said = json.loads(book.read_text())
    assert said["places"]
    assert not said["standing"]
    await log.close()
