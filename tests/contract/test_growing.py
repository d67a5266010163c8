"""Texts that several add to one project at the same time, on either log: each is in the pool once."""

import asyncio
from pathlib import Path

from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.pools import pool_of
from labelloop.pool.snapshot import Row, write
from labelloop.projects.catalog import created, read_histories
from labelloop.projects.grow import grow
from labelloop.projects.options import ProjectOptions
from labelloop.store import FolderStore
from schemas.envelope import new_event
from schemas.parts import Snapshot
from tests.support.states import PROJECT, project


def a_file(folder: Path, first: int, last: int) -> str:
    path = folder / f"{first}.csv"
    path.write_text("text\n" + "".join(f"mail {number}\n" for number in range(first, last)))
    return str(path)


async def begin(log: Log, store: FolderStore) -> History:
    info = write(store.root / PROJECT / "pool", [Row(f"mail {number}", None, number) for number in range(3)])
    pool = Snapshot(uri=f"{PROJECT}/pool/{info.name}", digest=info.digest, size=3)
    await log.append(new_event(PROJECT, project(pool=pool), source="tests"))
    return (await read_histories(log))[PROJECT]


async def test_all_at_once_add_each_text_once(log: Log, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    history = await begin(log, store)
    files = [a_file(tmp_path, first, first + 6) for first in (1, 4, 4, 7)]

    await asyncio.gather(*(grow(log, history, store, (file,), ProjectOptions()) for file in files))

    after = (await read_histories(log))[PROJECT]
    assert after.halt is None
    pool = store.open_pool(pool_of(created(after)))
    assert sorted(pool.all_texts()) == sorted(f"mail {number}" for number in range(13))
