"""A loaded model in a process of its own, which scores what waits for it: small requests in one pass.

That process is the only one that loads torch. The texts go to it over a Unix socket in a private folder.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from labelloop.errors import TaskError
from labelloop.learner.requests import ServeRequest
from labelloop.learner.worker import Worker

PASS = 64
"""So many texts of several requests are scored together at most. A larger request is scored by itself."""
LONGEST_LINE = 2**30
PATIENCE = 300.0
"""Seconds in which a pass must be done."""
PARTING = 10.0
_numbers = count()
Scores = npt.NDArray[np.float64]
Observe = Callable[[int], None]


class ScorerEnded(Exception):
    """The model's process ended before it answered."""


class NotScored(Exception):
    """The model cannot score these texts. The message is the kind of error alone, and holds no text."""


@dataclass(frozen=True)
class _Job:
    texts: Sequence[str]
    done: "asyncio.Future[Scores]"


class Scorer:
    """Scores texts until it is retired, or its process ends. `load` makes one."""

    def __init__(
        self,
        running: "asyncio.Task[int]",
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        observe: Observe,
    ) -> None:
        self._running = running
        self._reader, self._writer = streams
        self._observe = observe
        self._jobs: deque[_Job] = deque()
        self._came = asyncio.Event()
        self._is_retired = False
        self._pumping = asyncio.create_task(self._pump())

    @classmethod
    async def load(
        cls, worker: Worker, request: Callable[[Path], ServeRequest], folder: Path, observe: Observe
    ) -> "Scorer":
        """Load a model and score a first text. `request` is made with an address in the private `folder`.

        Raises TaskError and Unavailable.
        """
        address = folder / f"{next(_numbers)}"
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        connected = asyncio.get_running_loop().create_future()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if connected.done():
                writer.close()
            else:
                connected.set_result((reader, writer))

        listening = await asyncio.start_unix_server(accept, address, limit=LONGEST_LINE)
        running = asyncio.create_task(worker.run(request(address)))
        try:
            either: list[asyncio.Future[Any]] = [connected, running]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                running.result()
                raise TaskError("crashed", "the model's process ended at once")
            return cls(running, connected.result(), observe)
        except BaseException:
            running.cancel()
            await asyncio.wait([running])
            raise
        finally:
            listening.close()
            address.unlink(missing_ok=True)

    @property
    def is_alive(self) -> bool:
        return not self._running.done() and not self._pumping.done()

    def when_ended(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when the process has ended, or no longer answers."""
        for task in (self._running, self._pumping):
            task.add_done_callback(lambda _: tell())

    async def score(self, texts: Sequence[str]) -> Scores:
        """The probabilities of texts, shape (texts, classes). Raises Gone and NotScored.

        What is asked before the scorer is retired, is answered.
        """
        if self._is_retired or not self.is_alive:
            raise ScorerEnded
        job = _Job(texts, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._came.set()
        return await job.done

    async def retire(self) -> None:
        """Answer what was asked, and end the process."""
        self._is_retired = True
        self._came.set()
        await asyncio.wait([self._pumping])
        self._writer.close()
        await asyncio.wait([self._running], timeout=PARTING)
        await self.kill()

    async def kill(self) -> None:
        """End the process at once. Whoever waits gets Gone."""
        for task in (self._pumping, self._running):
            task.cancel()
        await asyncio.wait([self._pumping, self._running])
        self._writer.close()

    @property
    def failure(self) -> str:
        """Why the process has ended."""
        if self._running.done() and not self._running.cancelled() and (error := self._running.exception()):
            return str(error)
        return "it ended, or did not answer"

    async def _pump(self) -> None:
        try:
            while not self._is_retired:
                await self._came.wait()
                self._came.clear()
                while jobs := self._next():
                    await self._score(jobs)
        except (ScorerEnded, OSError, ValueError):
            return
        finally:
            for job in self._jobs:
                _fail(job, ScorerEnded())
            self._jobs.clear()

    def _next(self) -> list[_Job]:
        """The requests of the next pass: the first, and those after it that fit in."""
        jobs: list[_Job] = []
        room = PASS
        while self._jobs and (not jobs or len(self._jobs[0].texts) <= room):
            job = self._jobs.popleft()
            if not job.done.done():
                jobs.append(job)
                room -= len(job.texts)
        return jobs

    async def _score(self, jobs: Sequence[_Job]) -> None:
        texts = [text for job in jobs for text in job.texts]
        try:
            scores = await self._exchange(texts)
        except NotScored as error:
            if len(jobs) == 1:
                _fail(jobs[0], error)
                return
            # One of them may be to blame: the others get their answers.
            for job in jobs:
                await self._score([job])
            return
        except BaseException:
            for job in jobs:
                _fail(job, ScorerEnded())
            raise
        self._observe(len(texts))
        start = 0
        for job in jobs:
            if not job.done.done():
                job.done.set_result(scores[start : start + len(job.texts)])
            start += len(job.texts)

    async def _exchange(self, texts: Sequence[str]) -> Scores:
        async with asyncio.timeout(PATIENCE):
            self._writer.write(msgspec.json.encode(texts) + b"\n")
            await self._writer.drain()
            line = await self._reader.readline()
        if not line:
            raise ScorerEnded
        answer: Any = msgspec.json.decode(line)
        if isinstance(answer, dict):
            raise NotScored(answer["error"])
        scores = np.array(answer, np.float64)
        if not np.isfinite(scores).all():
            raise NotScored("no number")
        return scores


def _fail(job: _Job, error: Exception) -> None:
    if not job.done.done():
        job.done.set_exception(error)
