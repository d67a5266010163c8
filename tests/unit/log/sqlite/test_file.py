"""A log in a folder that cannot be written: it is read, and nothing is written beside it."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.log.base import Follower
from labelloop.log.sqlite.log import SqliteLog
from tests.support.disks import read_only
from tests.support.logs import some_event
from tests.support.messages import raises_naming

EVENTS = 20
FILES = ["log.sqlite", "log.sqlite-shm", "log.sqlite-wal"]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    """A log that is open for writing, whose events are in its WAL only."""
    log = SqliteLog(tmp_path / "log" / "log.sqlite")
    await log.append(*(some_event("p", number) for number in range(EVENTS)))
    yield log
    await log.close()


def left(tmp_path: Path, *names: str) -> Path:
    """A folder with these files of the running log, as a killed writer left them."""
    folder = tmp_path / "left"
    folder.mkdir()
    for name in names:
        shutil.copyfile(tmp_path / "log" / name, folder / name)
    return folder


async def offsets(path: Path) -> list[int]:
    log = SqliteLog(path)
    try:
        return [record.offset async for record in log.read() if record.event is not None]
    finally:
        await log.close()


@pytest.mark.parametrize("version", [1, 2])
async def test_a_closed_log_is_read_whole(running: SqliteLog, version: int, tmp_path: Path) -> None:
    await running.close()
    with closing(sqlite3.connect(tmp_path / "log" / "log.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")

    with read_only(tmp_path / "log") as folder:
        assert await offsets(folder / "log.sqlite") == list(range(1, EVENTS + 1))
        assert [path.name for path in folder.iterdir()] == FILES[:1]


@pytest.mark.parametrize("names", [FILES, ["log.sqlite", "log.sqlite-wal"]])
async def test_events_that_a_killed_writer_left_in_the_wal_are_read(
    names: list[str], running: SqliteLog, tmp_path: Path
) -> None:
    with read_only(left(tmp_path, *names)) as folder:
        before = {path.name: path.read_bytes() for path in folder.iterdir()}

        assert await offsets(folder / "log.sqlite") == list(range(1, EVENTS + 1))

        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


async def test_a_log_that_another_process_writes_is_followed_in_place(
    running: SqliteLog, tmp_path: Path
) -> None:
    with read_only(tmp_path / "log") as folder:
        log = SqliteLog(folder / "log.sqlite")
        async with log.follow("view") as follower:
            assert await _next_id(follower, EVENTS) == EVENTS
            await running.append(some_event("p", EVENTS))
            assert await _next_id(follower, EVENTS + 1) == EVENTS + 1
        await log.close()


async def _next_id(follower: Follower, wanted: int) -> int:
    async with asyncio.timeout(30):
        async for record in follower:
            if record.offset == wanted:
                return record.offset
    raise AssertionError("a follower has no end")


async def test_a_copy_is_not_followed_and_is_removed(
    running: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.close()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    with read_only(tmp_path / "log") as folder:
        log = SqliteLog(folder / "log.sqlite")
        assert [path.stat().st_mode & 0o077 for path in temporary.iterdir()] == [0]
        with pytest.raises(UserError):
            async with log.follow("view"):
                pass
        await log.close()

    assert list(temporary.iterdir()) == []


async def test_what_would_write_is_refused(running: SqliteLog, tmp_path: Path) -> None:
    await running.close()

    with read_only(tmp_path / "log") as folder:
        log = SqliteLog(folder / "log.sqlite")
        with raises_naming(UserError, folder / "log.sqlite"):
            await log.append(some_event("p", EVENTS))
        await log.close()

    assert await offsets(tmp_path / "log" / "log.sqlite") == list(range(1, EVENTS + 1))
