"""What a consumer meets on one machine only."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from labelloop.errors import Unavailable
from labelloop.log.base import DeadLetterStatus, Follower, Log, Record
from labelloop.log.sqlite.log import SqliteLog
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import read_status_file
from tests.support.consumers import GROUP, Consumer, delivering, odd, until_letters
from tests.support.controllers import until
from tests.support.disks import fill
from tests.support.logs import number_of, some_event
from tests.support.messages import names


async def test_nothing_is_passed_over_while_the_disk_is_too_full_for_a_dead_letter(
    tiny_disk: Path, tmp_path: Path
) -> None:
    log = SqliteLog(tiny_disk / "log.sqlite")
    await log.append(some_event("p", 0), some_event("p", 1))
    filler = fill(tiny_disk)
    consumer = Consumer(failing={0: odd(2)})

    async with delivering(log, consumer, status=ServiceStatus(GROUP, tmp_path), attempts=2):
        await until(lambda: "waiting" in read_status_file(tmp_path, GROUP))
        assert names(read_status_file(tmp_path, GROUP)["waiting"], tiny_disk / "log.sqlite")
        assert consumer.calls == [0, 0]
        filler.unlink()
        await until(lambda: consumer.handled == [1])

    (letter,) = await until_letters(log, bool)
    assert (letter.status, letter.attempts) == (DeadLetterStatus.DEAD, 2)
    await log.close()


async def test_a_reason_is_one_line_of_some_length(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.append(some_event("p", 0), some_event("p", 1))
    consumer = Consumer(failing={0: [ValueError("x\n" * 9000)], 1: [AssertionError()]})

    async with delivering(log, consumer, attempts=1):
        long, empty = await until_letters(log, lambda letters: len(letters) == 2)

    assert long.reason.startswith("ValueError: x x x")
    assert len(long.reason) < 1100
    assert empty.reason == "AssertionError"
    await log.close()


class Faltering:
    """A log in which event 0 cannot be committed before another is; it notes what is committed."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.tried: list[int] = []
        self.committed: list[int] = []
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @asynccontextmanager
    async def follow(self, group: str) -> AsyncIterator[Any]:
        async with self._log.follow(group) as follower:
            yield FalteringFollower(follower, self)


class FalteringFollower:
    def __init__(self, follower: Follower, log: Faltering) -> None:
        self._follower = follower
        self._noted = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._follower, name)

    def __aiter__(self) -> AsyncIterator[Record]:
        return aiter(self._follower)

    async def commit(self, record: Record) -> None:
        number = number_of(record)
        self._noted.tried.append(number)
        if number == 0 and not self._noted.committed:
            raise Unavailable("the log is away")
        await self._follower.commit(record)
        self._noted.committed.append(number)

    async def lag(self) -> Mapping[int, int]:
        self._noted.looks += 1
        return await self._follower.lag()


async def test_what_was_passed_over_is_not_committed_behind_what_was_handled_after_it(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    faltering = Faltering(log)

    class Passing(Consumer):
        """Has nothing to do with the first."""

        async def handle(self, record: Record) -> bool:
            return await super().handle(record) and number_of(record) > 0

    await log.append(some_event("p", 0))
    async with delivering(cast(Log, faltering), Passing()):
        await until(lambda: 0 in faltering.tried)
        await log.append(some_event("p", 1))
        await until(lambda: 1 in faltering.committed)
        looks = faltering.looks
        await until(lambda: faltering.looks > looks)

    assert faltering.committed == [1]
    await log.close()
