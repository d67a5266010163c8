"""Ask the store, by a process that ends: texts, what models say, and models' folders."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from labelloop.errors import Unavailable, one_line

LINGER = 20.0
"""Seconds without a question after which the process ends: it takes about 100 MB."""
PATIENCE = 120.0
MOST_DOWNLOADS = 2
LONGEST = 1 << 28
CHUNK = 1 << 20


class FromStore:
    """Reads of the store at an address. `store` None: there is none, and nothing may be asked."""

    def __init__(self, store: str | None) -> None:
        self.store = store
        self._reading: Process | None = None
        self._turn = asyncio.Lock()
        self._downloads = asyncio.Semaphore(MOST_DOWNLOADS)
        self._end: asyncio.TimerHandle | None = None

    async def texts(self, snapshots: Sequence[Mapping[str, Any]], items: Sequence[int]) -> list[str]:
        """The texts of these items of a pool, or of a test set. Raises Unavailable."""
        answer = await self._answer("texts", snapshots=snapshots, items=items)
        return [str(text) for text in answer]

    async def read(self, wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
        """What is in files with predictions, or changed between two; None: it is gone. Raises Unavailable."""
        answer: list[Any] = await self._answer("read", wanted=wanted)
        return answer

    async def folders(self, models: Sequence[Mapping[str, Any]]) -> list[int | None]:
        """The bytes of each model's folder; None: it is gone. Raises Unavailable."""
        answer: list[int | None] = await self._answer("folders", models=models)
        return answer

    async def what_if(self, project: str) -> dict[str, Any]:
        """What `labelloop what-if` left of a project, by strategy. Raises Unavailable."""
        answer: dict[str, Any] = await self._answer("what_if", project=project)
        return answer

    async def folder(self, project: str, model: Mapping[str, Any], called: str) -> AsyncIterator[bytes]:
        """A model's folder as tar, part by part. Raises Unavailable before the first part, or not at all."""
        async with self._downloads:
            reading = await _started()
            try:
                await _ask(
                    reading, {**self._about("folder"), "project": project, "model": model, "called": called}
                )
                assert reading.stdin is not None
                assert reading.stdout is not None
                reading.stdin.close()
                is_begun = False
                while part := await reading.stdout.read(CHUNK):
                    is_begun = True
                    yield part
                if await reading.wait() and not is_begun:
                    raise Unavailable(await _reason(reading))
            finally:
                _kill(reading)

    async def close(self) -> None:
        """End the process, if there is one."""
        reading = self._reading
        self._drop()
        if reading is not None:
            await reading.wait()

    def _drop(self) -> None:
        if self._end is not None:
            self._end.cancel()
        if self._reading is not None:
            _kill(self._reading)
            self._reading = None

    async def _answer(self, task: str, **wanted: Any) -> Any:
        """The answer of the process, which is started if there is none."""
        async with self._turn:
            if self._end is not None:
                self._end.cancel()
            reading = self._reading = self._reading or await _started()
            assert reading.stdout is not None
            try:
                async with asyncio.timeout(PATIENCE):
                    await _ask(reading, {**self._about(task), **wanted})
                    line = await reading.stdout.readline()
            except TimeoutError as error:
                self._drop()
                raise Unavailable(f"the store has not answered for {PATIENCE:.0f} s") from error
            except BaseException:
                self._drop()
                raise
            if not line:
                self._reading = None
                await reading.wait()
                raise Unavailable(await _reason(reading))
            self._end = asyncio.get_running_loop().call_later(LINGER, self._drop)
        answer = json.loads(line)
        if "problem" in answer:
            raise Unavailable(answer["problem"])
        return answer["found"]

    def _about(self, task: str) -> dict[str, Any]:
        return {"task": task, "store": self.store}


async def _started() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "services.dashboard.store_process"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=LONGEST,
    )


async def _ask(reading: Process, wanted: Mapping[str, Any]) -> None:
    assert reading.stdin is not None
    # Of one that has died, its answer tells.
    with suppress(ConnectionError):
        reading.stdin.write(json.dumps(wanted).encode() + b"\n")
        await reading.stdin.drain()


def _kill(reading: Process) -> None:
    if reading.stdin is not None:
        reading.stdin.close()
    with suppress(ProcessLookupError):
        reading.kill()


async def _reason(reading: Process) -> str:
    assert reading.stderr is not None
    last_words = (await reading.stderr.read()).decode(errors="replace")
    return one_line(last_words.strip().rpartition("\n")[2]) or f"exit code {reading.returncode}"
