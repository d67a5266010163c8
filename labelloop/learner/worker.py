"""Run the learner's tasks in children of a forkserver that has loaded torch and small-text once.

A child starts at once and frees all of its memory when it ends. This module imports nothing heavy.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import overload

from labelloop.learner import requests
from labelloop.store.failures import TaskFailed, WorkerCrashed

PRELOADED = ["labelloop.learner.preload"]
_starting_warm_process = threading.Lock()


class Worker:
    """Runs one task per child, started from a warm process. Any number may run at the same time."""

    def __init__(self, threads: int, name: str = "learner") -> None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        # Threads that spin at a barrier take 6 times as long if other processes use the cores too.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._name = name
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._children: set[_Child] = set()
        self._starting: set[asyncio.Future[None]] = set()

    async def warm(self) -> None:
        """Wait until the heavy libraries are loaded and a child has answered."""
        await self.run(requests.Ping())

    @overload
    async def run(self, request: requests.Ping) -> dict[str, str]: ...
    @overload
    async def run(self, request: requests.TrainRequest) -> requests.TrainResult: ...
    @overload
    async def run(self, request: requests.QueryRequest) -> requests.QueryResult: ...
    @overload
    async def run(self, request: requests.EvaluateRequest) -> requests.EvaluateResult: ...
    @overload
    async def run(self, request: requests.CheckRequest) -> requests.CheckResult: ...
    @overload
    async def run(self, request: requests.NoiseRequest) -> requests.NoiseResult: ...

    async def run(self, request: requests.Request) -> object:
        """Run one task in its own child. Cancelling kills the child.

        Raises `TaskFailed` for an error in the task, `WorkerCrashed` if the child ended without an answer.
        """
        child = _Child(self._context, self._name, request)
        self._children.add(child)
        starting = asyncio.ensure_future(asyncio.to_thread(child.start))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        try:
            await asyncio.shield(starting)
            answer = await asyncio.to_thread(child.answer)
        finally:
            starting.add_done_callback(lambda _: child.kill())
            self._children.discard(child)
        if isinstance(answer, TaskFailed):
            raise answer
        return answer

    def close(self) -> None:
        """Kill the children that still run. The warm process ends together with this process.

        A warm process that is still loading is killed, because this process could not end otherwise.
        """
        for child in list(self._children):
            child.kill()
        if self._starting:
            _kill_warm_process()


class _Child:
    def __init__(
        self,
        context: multiprocessing.context.ForkServerContext,
        name: str,
        request: requests.Request,
    ) -> None:
        self._receiver, sender = context.Pipe(duplex=False)
        self._sender = sender
        self._process = context.Process(target=_main, args=(sender, request), name=name, daemon=True)

    def start(self) -> None:
        _start_warm_process()
        self._process.start()
        self._sender.close()

    def answer(self) -> object:
        """Wait for the child's result or `TaskFailed`. Raises `WorkerCrashed` if there is no answer.

        When this returns, the child has ended and freed its memory.
        """
        try:
            answer: object = self._receiver.recv()
        except EOFError:
            self._process.join()
            raise WorkerCrashed(_how(self._process.exitcode)) from None
        self._process.join()
        return answer

    def kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()


def _start_warm_process() -> None:
    """Start the warm process if needed, as `python -P`: it must not import from the current folder."""
    with _starting_warm_process:
        before = os.environ.get("PYTHONSAFEPATH")
        os.environ["PYTHONSAFEPATH"] = "1"
        try:
            forkserver.ensure_running()
        finally:
            if before is None:
                del os.environ["PYTHONSAFEPATH"]
            else:
                os.environ["PYTHONSAFEPATH"] = before


def _kill_warm_process() -> None:
    # multiprocessing has no public way to reach its process.
    pid: int | None = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _how(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"ended without an answer (exit code {exitcode})"
    hint = " (out of memory?)" if -exitcode == signal.SIGKILL else f" ({signal.Signals(-exitcode).name})"
    return f"killed by signal {-exitcode}{hint}"


def _main(sender: Connection, request: requests.Request) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer: object
    try:
        from labelloop.learner import tasks

        answer = tasks.perform(request)
    except Exception as error:
        answer = TaskFailed.of(error)
    with contextlib.suppress(BrokenPipeError):
        sender.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
