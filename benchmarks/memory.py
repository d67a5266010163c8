"""How much memory processes take together."""

import threading
import time
from pathlib import Path

import psutil

SECONDS_BETWEEN_LOOKS = 0.2


class Memory:
    """The most anonymous memory of the processes below one, or of `itself` too, since it was asked last.

    Mapped files are left out, and what several processes share counts once.
    """

    def __init__(self, process: psutil.Process, itself: bool) -> None:
        self._process = process
        self._itself = itself
        self._most = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def taken(self) -> int:
        """In bytes."""
        most, self._most = self._most, 0
        return most

    def _watch(self) -> None:
        while self._process.is_running():
            try:
                every = self._process.children(recursive=True)
            except psutil.Error:
                return
            every += [self._process] if self._itself else []
            self._most = max(self._most, sum(_anonymous(each.pid) for each in every))
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _anonymous(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
