"""`python -m tests.support.woken_watcher`: the watcher, which hardly ever looks by itself.

What it sees, it sees because something woke it, or because the log told of something.
"""

import runpy
from importlib import import_module

NEVER = 3600.0
PAUSES = {
    "services.annotation_watcher.service.QUICK": NEVER,
    "services.annotation_watcher.service.QUIET": NEVER,
    "services.annotation_watcher.service.AT_REST": NEVER,
    "labelloop.oracle.argilla.wake_ups.CHECK_EVERY": 0.2,
}

if __name__ == "__main__":
    for constant, value in PAUSES.items():
        module, _, name = constant.rpartition(".")
        assert hasattr(import_module(module), name), constant
        setattr(import_module(module), name, value)
    runpy.run_module("services.annotation_watcher", run_name="__main__")
