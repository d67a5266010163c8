"""Processes that a test starts, listens to, freezes and kills."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

Said = dict[str, Any]


class Child:
    """`python -m MODULE ARGUMENTS…`, which says things as lines of JSON. Leaving the context kills it."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[Said | None] = queue.Queue()
        self.messages: list[Said] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, is_wanted: Callable[[Said], bool]) -> Said:
        """The next thing said that is wanted. Fails when the process ends, or says nothing for a minute."""
        until = time.monotonic() + PATIENCE
        while True:
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            assert line is not None, f"it ended, and said {self.messages[-3:]}"
            self.messages.append(line)
            if is_wanted(line):
                return line

    def wait_for_key(self, key: str) -> Any:
        return self.wait_for(lambda line: key in line)[key]

    def is_silent(self, seconds: float) -> bool:
        """Whether it says nothing for so long that was not waited for yet."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return True
        self._lines.put(line)
        return False

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """kill -9; returns when it is gone and everything it said has been heard."""
        self._process.kill()
        self.wait()

    def wait(self) -> int:
        """Its exit status, when it has ended and everything it said has been heard."""
        code = self._process.wait(PATIENCE)
        self._listening.join(PATIENCE)
        while (line := self._lines.get_nowait()) is not None:
            self.messages.append(line)
        return code

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)
        self._listening.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):
                self._lines.put(json.loads(line))
        self._lines.put(None)
