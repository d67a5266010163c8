"""A project is deleted: from a log that can forget it, or withdrawn from one that others share."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.log.base import ErasingLog, Log
from labelloop.log.sqlite.log import SqliteLog
from labelloop.loop.history import History
from labelloop.projects.catalog import is_deleted, named, read_histories
from labelloop.store import FolderStore
from labelloop.supervisor.deletion import check_deletable, remove_from_store, withdraw
from schemas.envelope import new_event
from schemas.events import EventData, ProjectMoved
from schemas.parts import Snapshot
from tests.support.messages import raises_naming
from tests.support.states import PROJECT, all_answered, project, queried

FORK = "fork-0000"


class SharedLog:
    """A log that cannot forget, as Kafka cannot."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        if name in ("erase", "check_unused"):
            raise AttributeError(name)
        return getattr(self._log, name)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    yield log
    await log.close()


@pytest.fixture
def shared(sqlite: SqliteLog) -> Log:
    log: Log = SharedLog(sqlite)
    assert not isinstance(log, ErasingLog)
    return log


async def append(log: Log, *data: EventData, name: str = PROJECT) -> None:
    await log.append(*(new_event(name, each, source="tests") for each in data))


async def history_of(log: Log, name: str = PROJECT) -> History:
    return (await read_histories(log, with_deleted=True))[name]


async def test_services_of_a_shared_log_leave_it_alone_and_commands_see_it_no_more(shared: Log) -> None:
    await append(shared, project(name="mail"), queried())
    await append(shared, project(name="news"), name=FORK)

    await withdraw(shared, await history_of(shared), "no longer needed")

    history = await history_of(shared)
    assert history.is_away
    assert is_deleted(history)
    histories = await read_histories(shared)
    assert list(histories) == [FORK]
    assert named(histories, "mail") is None
    await append(shared, queried("1"))
    assert not (await history_of(shared)).state.batches.keys() & {"1"}  # type: ignore[union-attr]


async def test_a_withdrawal_that_was_interrupted_can_be_done_again(shared: Log) -> None:
    await append(shared, project(name="mail"))

    for _ in range(2):
        history = await history_of(shared)
        await check_deletable(shared, history)
        await withdraw(shared, history, "")

    assert [record.event.name async for record in shared.read() if record.event is not None] == [
        "ProjectCreated",
        "ProjectMoved",
    ]


async def test_a_project_that_moved_is_deleted_where_it_is(sqlite: SqliteLog) -> None:
    moved = ProjectMoved(request="r", who="ann", why="", log="other", address="kafka://b/x", events=1)
    await append(sqlite, project(), moved)

    with raises_naming(UserError, PROJECT, "kafka://b/x", "--log"):
        await check_deletable(sqlite, await history_of(sqlite))


async def test_a_halted_project_is_deleted_only_where_nobody_reads_it(sqlite: SqliteLog, shared: Log) -> None:
    await append(sqlite, project(), all_answered())
    history = await history_of(sqlite)
    assert history.halt is not None

    await check_deletable(sqlite, history)
    with raises_naming(UserError, PROJECT, history.halt.event):
        await check_deletable(shared, history)


async def test_texts_that_a_fork_uses_stay_until_the_fork_is_deleted(
    sqlite: SqliteLog, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    pool = Snapshot(uri=f"{PROJECT}/pool/x.arrow", digest="d", size=5)
    test = Snapshot(uri=f"{PROJECT}/test/y.arrow", digest="d", size=5)
    for uri in (pool.uri, test.uri, f"{PROJECT}/models/0/a/w", f"{FORK}/models/0/a/w"):
        (store.root / uri).parent.mkdir(parents=True, exist_ok=True)
        (store.root / uri).touch()
    await append(sqlite, project(pool=pool, test=test))
    await append(sqlite, project(pool=pool), name=FORK)

    assert remove_from_store(store, await read_histories(sqlite), PROJECT) == (FORK,)
    assert files(store.root) == [f"{FORK}/models/0/a/w", pool.uri]

    await sqlite.erase(PROJECT)
    assert remove_from_store(store, await read_histories(sqlite), FORK) == ()
    assert files(store.root) == []


async def test_a_fork_goes_and_the_texts_of_its_origin_stay(sqlite: SqliteLog, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    pool = Snapshot(uri=f"{PROJECT}/pool/x.arrow", digest="d", size=5)
    (store.root / pool.uri).parent.mkdir(parents=True)
    (store.root / pool.uri).touch()
    await append(sqlite, project(pool=pool))
    await append(sqlite, project(pool=pool), name=FORK)

    assert remove_from_store(store, await read_histories(sqlite), FORK) == ()

    assert files(store.root) == [pool.uri]


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
