"""A log of a whole loop, whose models were never written."""

import asyncio
from pathlib import Path

import pytest

from labelloop.log.sqlite import SqliteLog
from tests.support.loops import Loop, mixed, project


@pytest.fixture
def loop() -> Loop:
    loop = Loop(project(max_batches=3), mixed)
    loop.finish()
    return loop


@pytest.fixture
def log(loop: Loop, tmp_path: Path) -> str:
    async def write() -> None:
        log = SqliteLog(tmp_path / "log.sqlite")
        await log.append(*loop.events)
        await log.close()

    asyncio.run(write())
    return f"sqlite:///{tmp_path / 'log.sqlite'}"
