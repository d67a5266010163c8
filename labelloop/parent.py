"""Stop together with the parent process."""

import os
import signal
import threading
import time

SECONDS_BETWEEN_LOOKS = 0.5


def stop_with_parent() -> None:
    """Send this process SIGTERM when its parent has ended, for whatever reason."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
