"""A service's word on how it fares: a file of fixed size, written in place, which a full disk cannot stop."""

import json
import os
import time
from pathlib import Path
from typing import Any

SIZE = 4096


class Slot:
    """`<folder>/<service>.status`, made at once; `say` never raises."""

    def __init__(self, folder: Path | None, service: str) -> None:
        self._file: int | None = None
        self._said: dict[str, Any] = {"pid": os.getpid()}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(folder / f"{service}.status", os.O_RDWR | os.O_CREAT, 0o600)
            self.say(doing="starting")

    def say(self, **said: Any) -> None:
        """Change some of what is said; a None takes a thing back."""
        now = {**self._said, **said}
        now = {key: value for key, value in now.items() if value is not None}
        if now == self._said or self._file is None:
            return
        self._said = now
        content = json.dumps({**now, "at": time.time()}).encode()
        if len(content) > SIZE:
            content = json.dumps(
                {"pid": os.getpid(), "doing": str(now)[: SIZE // 2], "at": time.time()}
            ).encode()
        try:
            os.pwrite(self._file, content[:SIZE].ljust(SIZE), 0)
        except OSError:
            return


def read_slot(folder: Path, service: str) -> dict[str, Any]:
    """What the service said last; empty when it never said anything."""
    try:
        said = json.loads((folder / f"{service}.status").read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
