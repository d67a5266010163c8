"""Run the learner's tasks, each in a child that starts at once and frees all of its memory when it ends.

The children belong to the learner that several services share, or to this process if there is none.
This module imports nothing heavy.
"""

import asyncio
from typing import overload

from labelloop.errors import Unavailable
from labelloop.learner import requests
from labelloop.learner.child import Child, choose_threads, kill_warm_process
from labelloop.learner.shared import SharedChild, shared_learner
from labelloop.store.task_failures import TaskFailed


class Worker:
    """Runs one task per child. Any number may run at the same time.

    `learner`: the address of a shared one, if it is not that of the environment.
    """

    def __init__(self, threads: int, name: str = "learner", learner: str | None = None) -> None:
        choose_threads(threads)
        self._name = name
        self._learner = learner or shared_learner()
        self._children: set[Child | SharedChild] = set()
        self._starting: set[asyncio.Future[None]] = set()

    async def warm(self) -> None:
        """Wait until the heavy libraries are loaded and a child has answered."""
        await self.run(requests.Ping())

    @overload
    async def run(self, request: requests.Ping) -> dict[str, str]: ...
    @overload
    async def run(self, request: requests.TrainRequest) -> requests.TrainResult: ...
    @overload
    async def run(self, request: requests.FirstTextsRequest) -> requests.FirstTextsResult: ...
    @overload
    async def run(self, request: requests.QueryRequest) -> requests.QueryResult: ...
    @overload
    async def run(self, request: requests.EmbedRequest) -> int: ...
    @overload
    async def run(self, request: requests.EvaluateRequest) -> requests.EvaluateResult: ...
    @overload
    async def run(self, request: requests.PredictionsRequest) -> requests.PredictionsResult: ...
    @overload
    async def run(self, request: requests.ScoreRequest | requests.ServeRequest) -> int: ...
    @overload
    async def run(self, request: requests.CheckRequest) -> requests.CheckResult: ...
    @overload
    async def run(self, request: requests.TryRequest) -> requests.TryResult: ...
    @overload
    async def run(self, request: requests.NoiseRequest) -> requests.NoiseResult: ...
    @overload
    async def run(self, request: requests.OnnxRequest) -> requests.OnnxResult: ...

    async def run(self, request: requests.Request) -> object:
        """Run one task in its own child. Cancelling kills the child.

        Raises `TaskFailed` for an error in the task, `WorkerCrashed` if the child ended without an answer,
        `Unavailable` if a shared learner ended or does not answer, or a cluster.
        """
        child = self._child(request)
        self._children.add(child)
        starting = asyncio.ensure_future(asyncio.to_thread(child.start))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        try:
            await asyncio.shield(starting)
            answer = await asyncio.to_thread(child.answer)
        finally:
            child.kill()
            starting.add_done_callback(lambda start: _kill(child, start))
            self._children.discard(child)
        if isinstance(answer, TaskFailed | Unavailable):
            raise answer
        return answer

    def close(self) -> None:
        """Kill the children that still run. The warm process ends together with this process.

        A warm process that is still loading is killed, because this process could not end otherwise.
        """
        for child in list(self._children):
            child.kill()
        if self._starting and self._learner is None:
            kill_warm_process()

    def _child(self, request: requests.Request) -> Child | SharedChild:
        if self._learner is not None:
            return SharedChild(self._learner, request)
        return Child(request, self._name)


def _kill(child: Child | SharedChild, start: asyncio.Future[None]) -> None:
    """Kill a child whose start has ended, in whatever way."""
    child.kill()
    if not start.cancelled():
        start.exception()
