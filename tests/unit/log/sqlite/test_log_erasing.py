"""A project's events are erased from a log's file, and the others stay as they are."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.log.base import DeadLetter, Follower, Record
from labelloop.log.sqlite.log import SqliteLog
from tests.support.logs import some_event
from tests.support.messages import raises_naming

SECRET = "a-word-that-only-the-erased-project-has"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    """Events of two projects in turn, the erased one's last: offsets 1, 3, 5 stay."""
    log = SqliteLog(path)
    for number in range(3):
        await log.append(some_event("stays", number))
        await log.append(some_event("goes", number, why=SECRET))
    yield log
    await log.close()


async def offsets(log: SqliteLog, project: str | None = None) -> list[int]:
    return [record.offset async for record in log.read(project)]


async def test_the_events_of_one_project_go_and_the_others_keep_their_places(
    log: SqliteLog, path: Path
) -> None:
    identity = await log.identity()

    assert await log.erase("goes") == 3

    assert await offsets(log) == [1, 3, 5]
    assert await offsets(log, "goes") == []
    await log.append(some_event("stays", 3))
    assert await offsets(log) == [1, 3, 5, 7]
    await log.close()
    again = SqliteLog(path)
    assert await offsets(again) == [1, 3, 5, 7]
    assert await again.identity() == identity
    assert await again.erase("goes") == 0
    assert await again.erase("stays") == 4
    await again.close()
    SqliteLog(path)


async def test_no_byte_of_them_is_left_in_the_files(log: SqliteLog, path: Path) -> None:
    def holds_secret() -> bool:
        return any(SECRET.encode() in file.read_bytes() for file in path.parent.iterdir())

    assert holds_secret()

    await log.erase("goes")

    assert not holds_secret()


async def test_what_is_removed_by_hand_is_still_noticed(log: SqliteLog, path: Path) -> None:
    await log.erase("goes")
    await log.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM events WHERE offset = 5")

    with raises_naming(UserError, path, 1, 3):
        SqliteLog(path)


async def test_nothing_is_erased_while_somebody_owns_a_service(log: SqliteLog, path: Path) -> None:
    other = SqliteLog(path)
    async with other.own("querier"):
        with raises_naming(UserError, "querier"):
            await log.check_unused()
        with raises_naming(UserError, "querier"):
            await log.erase("goes")
        assert len(await offsets(log)) == 6
    await other.close()

    assert await log.erase("goes") == 3


async def test_a_group_goes_on_where_it_was_and_only_dead_letters_of_the_project_go(
    log: SqliteLog, path: Path
) -> None:
    records = {record.offset: record async for record in log.read()}
    async with log.follow("group") as follower:
        await follower.commit(records[6])
    await log.dead_letters.put(_letter(records[1]), _letter(records[2]))

    await log.erase("goes")

    await log.append(some_event("stays", 3))
    async with log.follow("group") as follower:
        assert (await _first(follower)).offset == 7
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT offset FROM dead_letters").fetchall() == [(1,)]


def _letter(record: Record) -> DeadLetter:
    assert record.event is not None
    return DeadLetter("group", record.partition, record.offset, record.event, "no", 1, NOW)


async def _first(follower: Follower) -> Record:
    async for record in follower:
        return record
    raise AssertionError("a follower has no end")


async def test_an_older_labelloop_refuses_the_file_instead_of_taking_it_for_damaged(
    log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.erase("goes")
    await log.close()
    monkeypatch.setattr("labelloop.log.sqlite.connection.ERASED_FORMAT", 2)

    with raises_naming(UserError, path, "upgrade labelloop"):
        SqliteLog(path)
