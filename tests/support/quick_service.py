"""`python -m tests.support.quick_service querier`: the service, which looks at the oracle more often.

What a look finds and does is the same: whoever waits for it waits less.
"""

import runpy
import sys
from datetime import timedelta
from importlib import import_module

PAUSES: dict[str, dict[str, object]] = {
    "annotation_watcher": {
        "labelloop.runtime.controller.SHORTEST": 2.0,
        "services.annotation_watcher.due.RECORD_EVERY": timedelta(seconds=1),
        "services.annotation_watcher.service.QUIET": 0.8,
    },
    "querier": {
        "labelloop.runtime.controller.SHORTEST": 2.0,
        "services.querier.record_sync.COMPARE_EVERY": 1.5,
    },
    "suggester": {"services.suggester.service.PORTION": 0.0},
}
"""By service, and by the name of the constant in its module."""


def hasten(service: str) -> None:
    """Shorten the pauses of this service, before it starts in this process."""
    for constant, value in PAUSES.get(service, {}).items():
        module, _, name = constant.rpartition(".")
        assert hasattr(import_module(module), name), constant
        setattr(import_module(module), name, value)


if __name__ == "__main__":
    hasten(sys.argv[1])
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__")
