"""Ask the store, by a process that ends: texts, what models say, and models' folders."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from labelloop.errors import Unavailable, one_line

MOST_AT_ONCE = 2
"""Processes that read at once. Each takes about 100 MB."""
CHUNK = 1 << 20


class FromStore:
    """Reads of the store at an address. `store` None: there is none, and nothing may be asked."""

    def __init__(self, store: str | None) -> None:
        self.store = store
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    async def texts(self, snapshots: Sequence[Mapping[str, Any]], items: Sequence[int]) -> list[str]:
        """The texts of these items of a pool, or of a test set. Raises Unavailable."""
        found = await self._told("texts", snapshots=snapshots, items=items)
        return [str(text) for text in found]

    async def read(self, wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
        """What is in files with predictions, or changed between two; None: it is gone. Raises Unavailable."""
        found: list[Any] = await self._told("read", wanted=wanted)
        return found

    async def folders(self, models: Sequence[Mapping[str, Any]]) -> list[int | None]:
        """The bytes of each model's folder; None: it is gone. Raises Unavailable."""
        found: list[int | None] = await self._told("folders", models=models)
        return found

    async def folder(self, project: str, model: Mapping[str, Any], called: str) -> AsyncIterator[bytes]:
        """A model's folder as tar, part by part. Raises Unavailable before the first part, or not at all."""
        async with self._room, self._asked("folder", project=project, model=model, called=called) as reading:
            assert reading.stdout is not None
            is_begun = False
            while part := await reading.stdout.read(CHUNK):
                is_begun = True
                yield part
            if await reading.wait() and not is_begun:
                raise Unavailable(await _reason(reading))

    async def _told(self, task: str, **wanted: Any) -> Any:
        async with self._room, self._asked(task, **wanted) as reading:
            assert reading.stdout is not None
            found = await reading.stdout.read()
            if await reading.wait():
                raise Unavailable(await _reason(reading))
        return json.loads(found)

    @asynccontextmanager
    async def _asked(self, task: str, **wanted: Any) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process that reads. It ends with the block."""
        reading = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "services.dashboard.store_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert reading.stdin is not None
            reading.stdin.write(json.dumps({"task": task, "store": self.store, **wanted}).encode())
            with suppress(ConnectionError):
                await reading.stdin.drain()
                reading.stdin.close()
            yield reading
        finally:
            if reading.returncode is None:
                reading.kill()
                await reading.wait()


async def _reason(reading: asyncio.subprocess.Process) -> str:
    assert reading.stderr is not None
    said = (await reading.stderr.read()).decode(errors="replace")
    return one_line(said.strip().rpartition("\n")[2]) or f"exit code {reading.returncode}"
