"""What is going on right now. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelloop.loop.history import History
from labelloop.loop.order import open_batches

WORKERS = {"trainer": "training", "querier": "picking", "evaluator": "testing"}
NOT_WORKING = ("idle", "starting")


@dataclass(frozen=True)
class Activity:
    """Something that takes time; `total` None: nobody knows how long."""

    key: str
    text: str
    done: int = 0
    total: int | None = None


def activities(histories: Iterable[History], slots: Mapping[str, Mapping[str, Any]]) -> Iterator[Activity]:
    """Open batches with the answers recorded so far, and what the services say they do."""
    for history in histories:
        for batch in open_batches(history.state):
            total = len(batch.items)
            key = f"{history.project}/{batch.name}"
            yield Activity(key, f"labelling batch {batch.name}", min(batch.answered, total), total)
    for service, verb in WORKERS.items():
        doing = str(slots.get(service, {}).get("doing", "idle"))
        if not doing.startswith(NOT_WORKING) and ": " in doing:
            yield Activity(f"{service}/{doing}", f"{verb}: {doing.partition(': ')[2]}")
