"""The lock that allows one supervisor per home."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labelloop import atomic
from labelloop.config.home import LOCK
from labelloop.errors import UserError

PATIENCE = 0.5


@contextmanager
def hold(run: Path) -> Iterator[None]:
    """Hold the supervisor's lock of the home with this `run` folder. Raises UserError if another holds it."""
    atomic.make_folder(run)
    descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _take(descriptor):
            raise UserError(
                f"{run.parent} is in use by another supervisor (process {_read(descriptor)}): "
                f"stop it with `labelloop down --home {run.parent}`, or give another --home"
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(run: Path) -> int | None:
    """The id of the process that supervises this home, or None."""
    try:
        descriptor = os.open(run / LOCK, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(_read(descriptor) or 0) or None
    else:
        return None
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Take the lock. A process that only checks it holds it for a moment."""
    give_up = time.monotonic() + PATIENCE
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)


def _read(descriptor: int) -> str:
    content = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return content if content.isdigit() else ""
