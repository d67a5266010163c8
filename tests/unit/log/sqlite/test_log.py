"""What only the SQLite log promises: damage and full disks are named."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from labelloop import atomic
from labelloop.errors import UserError
from labelloop.log import open_log
from labelloop.log.base import Fenced
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.history import History
from schemas.envelope import InvalidEvent
from tests.support.disks import fill
from tests.support.logs import some_event
from tests.support.messages import names, raises_naming


@pytest.fixture
async def written(tmp_path: Path) -> Path:
    """A closed log of 200 events."""
    path = tmp_path / "log.sqlite"
    log = SqliteLog(path)
    await log.append(*(some_event("p", number, why="x" * 200) for number in range(200)))
    await log.close()
    return path


def edit(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("removed", "how_many"), [("offset = 1", 1), ("offset BETWEEN 50 AND 59", 10), ("offset > 197", 3)]
)
def test_removed_events_are_noticed(written: Path, removed: str, how_many: int) -> None:
    edit(written, f"DELETE FROM events WHERE {removed}")

    with raises_naming(UserError, written, how_many, 200):
        SqliteLog(written)


@pytest.mark.parametrize("left", [0.02, 0.5, 0.99])
def test_a_truncated_file_is_noticed_and_says_what_to_do(written: Path, left: float) -> None:
    content = written.read_bytes()
    written.write_bytes(content[: int(len(content) * left)])

    with raises_naming(UserError, written, "damaged", "put back a copy"):
        SqliteLog(written)


def test_bytes_that_are_no_database_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)

    with raises_naming(UserError, path):
        SqliteLog(path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    edit(path, "CREATE TABLE bookmarks (url TEXT)")

    with raises_naming(UserError, path):
        SqliteLog(path)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def test_a_newer_format_is_refused(written: Path) -> None:
    edit(written, "PRAGMA user_version = 99")

    with raises_naming(UserError, written):
        SqliteLog(written)


async def test_a_log_of_the_first_format_gets_the_tables_that_it_lacks(written: Path) -> None:
    for statement in ("DROP TABLE dead_letters", "DROP TABLE IF EXISTS about", "PRAGMA user_version = 1"):
        edit(written, statement)

    log = SqliteLog(written)

    assert len([record async for record in log.read()]) == 200
    assert await log.dead_letters.read() == {}
    await log.close()


def test_a_folder_in_the_place_of_the_log_is_named(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path):
        SqliteLog(tmp_path)


async def test_edited_data_halt_their_project_and_no_other(written: Path) -> None:
    log = SqliteLog(written)
    await log.append(some_event("q", 0))
    await log.close()
    edit(written, "UPDATE events SET data = replace(data, 'ada', 'bob') WHERE offset = 100")

    log = SqliteLog(written)
    records = [record async for record in log.read()]
    await log.close()

    edited = records[99].event
    assert edited is not None
    with pytest.raises(InvalidEvent):
        _ = edited.payload
    history = History("p")
    history.add(edited, "offset 100")
    assert history.halt is not None
    assert names(history.halt, "offset 100")
    assert records[200].event is not None
    assert records[200].event.payload == some_event("q", 0).payload


@pytest.mark.parametrize("attribute", ["id", "subject"])
def test_an_event_that_was_made_another_one_is_noticed(written: Path, attribute: str) -> None:
    edit(
        written,
        f"UPDATE events SET attributes = json_set(attributes, '$.{attribute}', 'other') WHERE offset = 7",
    )

    with raises_naming(UserError, written, 7):
        SqliteLog(written)


async def test_a_full_disk_says_what_to_do_and_nothing_is_lost(tiny_disk: Path) -> None:
    log = SqliteLog(tiny_disk / "log.sqlite")
    await log.append(some_event("p", 0))
    filler = fill(tiny_disk)

    too_much = [some_event("p", number, why="x" * 4000) for number in range(1, 300)]
    with raises_naming(UserError, tiny_disk / "log.sqlite", "no space left", "free some space"):
        await log.append(*too_much)

    assert len([record.event async for record in log.read()]) == 1
    filler.unlink()
    await log.append(some_event("p", 1))
    assert len([record.event async for record in log.read()]) == 2
    await log.close()


async def test_a_log_cannot_be_opened_on_a_full_disk(tiny_disk: Path) -> None:
    log = SqliteLog(tiny_disk / "log.sqlite")
    await log.append(some_event("p", 0))
    await log.close()
    fill(tiny_disk)

    for name in ("log.sqlite", "new.sqlite"):
        with raises_naming(UserError, tiny_disk / name, "space"):
            SqliteLog(tiny_disk / name)


async def test_reading_goes_on_while_a_write_waits_for_another_process(written: Path) -> None:
    log = SqliteLog(written)
    with closing(sqlite3.connect(written, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(log.append(some_event("p", 200)))
        await asyncio.to_thread(lambda: None)

        numbers = [record.offset async for record in log.read()]

        assert len(numbers) == 200
        assert not waiting.done()
        another.execute("ROLLBACK")
    await waiting
    assert len([record async for record in log.read()]) == 201
    await log.close()


def test_an_unknown_url_says_what_to_give() -> None:
    with raises_naming(UserError, "redis://somewhere", "sqlite:///path", "kafka://host:9092/prefix"):
        open_log("redis://somewhere")


async def test_behind_a_fence_owners_say_nothing_unread(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    async with log.own("trainer") as ownership, log.own("querier") as another:
        await ownership.append(some_event("p", 0))

        await log.append(some_event("p", 1), fence=True)

        for owner in (ownership, another):
            with pytest.raises(Fenced):
                await owner.append(some_event("p", 2))
    async with log.own("trainer") as ownership:
        await ownership.append(some_event("p", 3))
    ids = [record.event.id async for record in log.read() if record.event is not None]
    assert ids == [some_event("p", number).id for number in (0, 1, 3)]
    await log.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_file_that_goes_while_it_is_used_takes_no_more_events(written: Path, how: str) -> None:
    log = SqliteLog(written)
    if how == "removed":
        atomic.remove(written)
    else:
        atomic.write(written, b"another file")

    with raises_naming(UserError, written, "removed or replaced"):
        await log.append(some_event("p", 200))
    with raises_naming(UserError, written):
        _ = [record async for record in log.read()]

    await log.close()


def test_a_file_that_is_not_there_is_missing_and_stays_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"

    with raises_naming(UserError, tmp_path, "missing"):
        open_log(url)

    assert list(tmp_path.iterdir()) == []
