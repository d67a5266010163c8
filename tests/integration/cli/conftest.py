"""A log of a whole loop, whose models were never written."""

import asyncio
from pathlib import Path

import pytest

from tests.support.logs import write_log
from tests.support.loops import Loop, mixed, project


@pytest.fixture
def loop() -> Loop:
    loop = Loop(project(max_batches=3), mixed)
    loop.finish()
    return loop


@pytest.fixture
def log(loop: Loop, tmp_path: Path) -> str:
    asyncio.run(write_log(tmp_path / "log.sqlite", loop.events))
    return f"sqlite:///{tmp_path / 'log.sqlite'}"
