"""The live view, as long as it is looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labelloop.cli.view.screen import Screen
from labelloop.cli.view.watch import Watch
from labelloop.config.home import open_home
from labelloop.log.base import Follower, Record
from labelloop.log.sqlite.log import SqliteLog
from schemas.envelope import new_event
from tests.support.states import PROJECT, project


class Eager(SqliteLog):
    """A log in which something happens as soon as its reader has taken a record."""

    then: Callable[[], object]

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator[Follower]:  # type: ignore[override]
        async with super().follow(group) as follower:
            yield After(follower, self.then)  # type: ignore[misc]


class After:
    def __init__(self, follower: Follower, then: Callable[[], object]) -> None:
        self._follower = follower
        self._then = then

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for record in self._follower:
            yield record
            self._then()


async def test_a_ctrl_c_that_comes_with_a_change_is_not_lost(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    log = Eager(home.log)
    await log.append(new_event(PROJECT, project(), source="tests"))

    with Screen(stderr=True) as screen:
        watching = asyncio.create_task(Watch(home, screen).until(log, lambda histories: False))
        log.then = watching.cancel
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await watching
    assert watching.cancelled()
    await log.close()
