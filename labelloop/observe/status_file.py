"""A service's status file. It has a fixed size and is written in place, so a full disk does not matter."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.config.environment import own_version

SIZE = 4096
LONGEST = 500
IDLE = "idle"
STARTING = "starting"
STANDING_BY = "waiting for the process that owns this service"
SINCE = "doing_since"
"""Since when a service has been doing what it does, in seconds since 1970."""


class StatusFile:
    """`<folder>/<service>.status`, created at once. No method raises."""

    def __init__(self, folder: Path | None, service: str) -> None:
        self._file: int | None = None
        self._facts: dict[str, Any] = {"pid": os.getpid(), "version": own_version()}
        self._said_of: dict[str, dict[str, str]] = {}
        if folder is not None:
            with suppress(OSError):
                atomic.make_folder(folder)
                self._file = os.open(folder / f"{service}.status", os.O_RDWR | os.O_CREAT, 0o600)
                os.ftruncate(self._file, SIZE)
        self.set(doing=STARTING)

    def set(self, **facts: Any) -> None:
        """Change some facts. None removes a fact."""
        now = {key: value for key, value in {**self._facts, **facts}.items() if value is not None}
        if now == self._facts or self._file is None:
            return
        if now.get("doing") != self._facts.get("doing"):
            now[SINCE] = time.time()
        self._facts = now
        with suppress(OSError):
            os.pwrite(self._file, _fitting({**now, "at": time.time()}).ljust(SIZE), 0)

    def set_for(self, who: str, **facts: str | None) -> None:
        """Change facts of one of several concurrent tasks. For each key, the first task's value is shown."""
        for key, value in facts.items():
            values = self._said_of.setdefault(key, {})
            if value is None:
                values.pop(who, None)
            else:
                values[who] = value
        newest = {key: next(iter(self._said_of[key].values()), None) for key in facts}
        if "doing" in newest:
            newest["doing"] = newest["doing"] or IDLE
        self.set(**newest)


def read_status_file(folder: Path, service: str) -> dict[str, Any]:
    """The service's last status. Empty if there is none."""
    try:
        facts = json.loads((folder / f"{service}.status").read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _fitting(facts: dict[str, Any]) -> bytes:
    content = json.dumps(facts).encode()
    longest = LONGEST
    while len(content) > SIZE:
        content = json.dumps({key: _cut(value, longest) for key, value in facts.items()}).encode()
        longest //= 2
    return content


def _cut(value: Any, longest: int) -> Any:
    return value if isinstance(value, int | float) else str(value)[:longest]
