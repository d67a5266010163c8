"""The child that performs one task, forked from a process that has loaded torch and small-text once.

This module imports nothing heavy.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path

from labelloop.config.environment import of_child
from labelloop.errors import Unavailable
from labelloop.learner import requests
from labelloop.store.task_failures import TaskFailed, WorkerCrashed

PRELOADED = ["labelloop.learner.preload"]
_starting_warm_process = threading.Lock()


@dataclass(frozen=True)
class Caller:
    """The environment and the folder of the process that asks. The child takes them over."""

    environment: Mapping[str, str]
    folder: Path

    @classmethod
    def this_process(cls) -> "Caller":
        """This process."""
        return cls(of_child({}), Path.cwd())

    def take_over(self) -> None:
        """Give this process the environment and the folder of the caller."""
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)


def choose_threads(threads: int) -> None:
    """Set what OpenMP reads when it is loaded. Call it before the first child starts."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    # Threads that spin at a barrier take 6 times as long if other processes use the cores too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class Child:
    """A process for one request. `caller`: who asks, if another process does."""

    def __init__(self, request: requests.Request, name: str, caller: Caller | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self.receiver, self._sender = context.Pipe(duplex=False)
        arguments = (self._sender, request, caller)
        self._process = context.Process(target=_main, args=arguments, name=name, daemon=True)

    def start(self) -> None:
        """Start the process, and before it the warm one, if there is none yet."""
        _start_warm_process()
        self._process.start()
        self._sender.close()

    def answer(self) -> object:
        """Wait for the child's result or `TaskFailed`. Raises `WorkerCrashed` if there is no answer.

        When this returns, the child has ended and freed its memory.
        """
        try:
            answer: object = self.receiver.recv()
        except EOFError:
            self._process.join()
            raise WorkerCrashed(_how(self._process.exitcode)) from None
        self._process.join()
        return answer

    def kill(self) -> None:
        """Kill the process if it still runs."""
        if self._process.is_alive():
            self._process.kill()


def kill_warm_process() -> None:
    """Kill the process that children are forked from, for example while it is still loading."""
    # multiprocessing has no public way to reach its process.
    pid: int | None = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


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


def _how(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"ended without an answer (exit code {exitcode})"
    hint = " (out of memory?)" if -exitcode == signal.SIGKILL else f" ({signal.Signals(-exitcode).name})"
    return f"killed by signal {-exitcode}{hint}"


def _main(sender: Connection, request: requests.Request, caller: Caller | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if caller is not None:
        caller.take_over()
    answer: object
    try:
        from labelloop.learner import tasks

        tasks.give_way(request)
        answer = tasks.perform(request)
    except (Unavailable, TaskFailed) as error:
        answer = error
    except Exception as error:
        answer = TaskFailed.of(error)
    with contextlib.suppress(BrokenPipeError):
        sender.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
