"""Many projects on three trainers and three queriers, on a real Kafka: `python -m benchmarks.many_projects`.

One project trains a transformer for long, the others a logistic regression for a second. People answer each
batch at once, so that there is always something to do. The page tells how long a project waits for its turn.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.brokers import a_kafka
from benchmarks.report import publish, table
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.loop.figures import spread
from labelloop.loop.history import History
from labelloop.loop.schedule import open_batches
from labelloop.projects.catalog import created
from schemas.envelope import Event
from schemas.parts import BaseModelChoice, Choice
from tests.support.loop import ServiceLoop, texts
from tests.support.states import LABELS, annotated, answered, vote

OFFICE = Path(__file__).parents[1] / "tests" / "strangers" / "office"
REPLICAS = 3
BATCHES, SIZE, POOL = 5, 6, 60
LONG = Choice(name="transformer", parameters={**CLASSIFIERS.get("transformer").recipe, "epochs": 100})
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Work:
    """A training or a pick: when it was due, began and ended, in seconds of the clock."""

    project: str
    due: float
    begun: float
    done_at: float

    @property
    def waited(self) -> float:
        return max(0.0, self.begun - self.due)


def create(loop: ServiceLoop, projects: int) -> str:
    """The projects; the name of the long one, which is the first."""
    settings: dict[str, Any] = {"batch_size": SIZE, "max_batches": BATCHES, "lookahead": 0}
    long = loop.create(
        texts(POOL), project="long", classifier=LONG, model=BaseModelChoice(name=BUNDLED), **settings
    )
    for number in range(1, projects):
        loop.create(texts(POOL), project=f"short-{number:02}", **settings)
    return long


class People:
    """They answer each batch at once."""

    def __init__(self, loop: ServiceLoop, projects: list[str]) -> None:
        self._loop = loop
        self._projects = {name: History(name) for name in projects}
        self._read = 0

    def answer(self) -> bool:
        """Answer what is open; whether nothing more is to come."""
        self._loop.history(next(iter(self._projects)))
        new = self._loop.events[self._read :]
        self._read += len(new)
        for event in new:
            self._projects[event.project].add(event)
        for name in {event.project for event in new if event.name == "BatchQueried"}:
            for batch in open_batches(created(self._projects[name])):
                items = [pick.item for pick in batch.queried.items]
                answers = [answered(item, vote("ann", LABELS[item % len(LABELS)])) for item in items]
                self._loop.append(name, annotated(*answers, batch=batch.name))
        return all(len(created(history).models) == BATCHES for history in self._projects.values())


def works(events: list[Event], name: str) -> Iterator[Work]:
    """What the events of this name tell: each was due when its cause was appended."""
    times = {event.id: event.time for event in events}
    for event in events:
        seconds = getattr(event.payload, "seconds", 0.0) if event.name == name else 0.0
        if seconds and event.cause in times:
            due, done_at = _clock(times[event.cause]), _clock(event.time)
            yield Work(event.project, due, done_at - seconds, done_at)


def _clock(time: datetime) -> float:
    return time.timestamp()


def figures(loop: ServiceLoop, long: str, seconds: float, memory: Mapping[str, float]) -> dict[str, str]:
    rows = {"all projects done after": f"{seconds:.0f} s"}
    for name, what in (("ModelTrained", "training"), ("BatchQueried", "pick")):
        all_work = list(works(loop.events, name))
        own = [work for work in all_work if work.project == long]
        others = [work for work in all_work if work.project != long]
        waits = spread([work.waited for work in others])
        rows |= {
            f"{what}s of the long project": f"{len(own)}, {_longest(own):.1f} s at most",
            f"{what}s of the others": f"{len(others)}, {_longest(others):.1f} s at most",
            f"wait of the others for a {what}: median, 95 %, most": (
                f"{waits.p50:.1f} s, {waits.p95:.1f} s, {waits.max:.1f} s"
            ),
        }
    return rows | {f"memory of {name} with its children": f"{size:,.0f} MiB" for name, size in memory.items()}


def _longest(of: list[Work]) -> float:
    return max((work.done_at - work.begun for work in of), default=0.0)


def held(process: int) -> float:
    """MiB of a replica: shared pages count in part."""
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    total = 0
    for each in family:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return total / MEBIBYTE


def run(folder: Path, servers: str, projects: int) -> dict[str, str]:
    environment = {
        "LABELLOOP_PLUGINS": "office:OFFICE",
        "OFFICE_FILE": str(folder / "office.sqlite"),
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[1]), str(OFFICE))),
    }
    loop = ServiceLoop(folder, f"kafka://{servers}/many", oracle="office", argilla_url="", argilla_key="")
    loop.quick = False
    try:
        long = create(loop, projects)
        names = [long, *(f"short-{number:02}" for number in range(1, projects))]
        for service in ("trainer", "querier"):
            for number in range(1, REPLICAS + 1):
                loop.start(service, as_=f"{service}-{number}", **environment)
        memory: dict[str, float] = {}
        people = People(loop, names)
        while not people.answer():
            for name, process in loop.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: {loop.log_of(name)[-2000:]}")
                memory[name] = max(memory.get(name, 0.0), held(process.pid))
            time.sleep(0.5)
        first, last = (loop.events[place].time for place in (0, -1))
        return figures(loop, long, _clock(last) - _clock(first), memory)
    finally:
        loop.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_projects", description=__doc__)
    parser.add_argument("--projects", type=int, default=50)
    projects = parser.parse_args().projects
    with tempfile.TemporaryDirectory() as name, a_kafka(Path(name) / "kafka") as servers:
        title = f"{projects} projects on {REPLICAS} trainers and {REPLICAS} queriers"
        publish("many-projects", table(title, run(Path(name), servers, projects)))


if __name__ == "__main__":
    main()
