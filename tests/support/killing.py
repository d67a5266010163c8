"""Kills the processes of a running home, at random moments, and counts those that were really hit."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import psutil

from labelloop.supervisor.state import ProcessState, read_state

POLL = 0.02
LONGEST_REST = 1.0
Find = Callable[[], psutil.Process | None]


class Killer:
    """Goes for each of `victims` in turn; `hits` counts the kills by name.

    A kill counts when the process was alive just before and gone by SIGKILL right after. `others` are victims
    that are no processes of the home: each finds its process, while it runs. `longest_rest` in seconds.
    """

    def __init__(
        self,
        run: Path,
        victims: Sequence[str],
        seed: int,
        longest_rest: float = LONGEST_REST,
        others: Mapping[str, Find] = MappingProxyType({}),
    ) -> None:
        self._run = run
        self._victims = victims
        self._random = random.Random(seed)
        self._longest_rest = longest_rest
        self._others = others
        self.hits: Counter[str] = Counter()

    def go_on_until(self, enough: Callable[[], bool]) -> None:
        """Kill one after the other, each as soon as it runs again and a random moment more."""
        lock = 0
        while not enough():
            name = self._victims[lock % len(self._victims)]
            process = self._running(name)
            if process is None:
                time.sleep(POLL)
                continue
            self._rest(self._random.uniform(0, self._longest_rest), enough)
            if self._kill(process):
                self.hits[name] += 1
                lock += 1

    def _running(self, name: str) -> psutil.Process | None:
        if name in self._others:
            return self._others[name]()
        state = read_state(self._run)
        process_state = state.processes.get(name) if state else None
        return (
            _alive(process_state) if process_state is not None and process_state.state == "running" else None
        )

    def _kill(self, process: psutil.Process) -> bool:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            process.kill()
        except psutil.NoSuchProcess:
            return False
        while _is_alive(process):
            time.sleep(POLL)
        return True

    def _rest(self, seconds: float, enough: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not enough():
            time.sleep(POLL)


def _alive(state: ProcessState) -> psutil.Process | None:
    try:
        process = psutil.Process(state.pid)
        return process if process.create_time() == state.started else None
    except psutil.NoSuchProcess:
        return None


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
