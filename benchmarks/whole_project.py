"""A project of a million texts as a whole: `python -m benchmarks.whole_project`.

`labelloop init` with the default settings, an audit and a stopping criterion; the services on a real Argilla,
with an annotator who answers at once; then each command that reads the project, as a process. Beside 10,000
texts.
"""

import argparse
import csv
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import psutil

from benchmarks.large_pools import rows
from benchmarks.memory import Memory
from benchmarks.report import comparison, publish
from labelloop.loop.figures import spread, waits
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from labelloop.pool.snapshot import Row
from labelloop.store import open_store
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import LABELLOOP
from tests.support.loop import Loop, a_loop
from tests.support.people import Person
from tests.support.simulated import simulated_annotators

SERVICES = ("querier", "annotation_watcher", "trainer", "evaluator")
BATCHES, FURTHER = 5, 1_000
SETTINGS = ("--batches", BATCHES, "--audit-share", 0.2, "--stopping", "kappa-average", "--json")


def write_mail(file: Path, texts: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as content:
        writer = csv.writer(content)
        writer.writerow(["text", "label"])
        writer.writerows([row.text, row.gold] for row in texts)


def command(*arguments: object) -> tuple[bytes, str]:
    """What a command prints, and its seconds and private memory."""
    began = time.perf_counter()
    process = psutil.Popen([*LABELLOOP, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    memory = Memory(process, itself=True)
    output, errors = process.communicate()
    if process.returncode:
        raise SystemExit(errors.decode())
    return output, f"{time.perf_counter() - began:.1f} s, {memory.taken() / 1e6:,.0f} MB"


def label(loop: Loop, project: str) -> tuple[LoopState, Mapping[str, int]]:
    """Run the services until all is labelled and measured; the most memory of each, with its tasks."""
    loop.start(*SERVICES, LABELLOOP_THREADS="2", OMP_NUM_THREADS="2")
    memories = {name: Memory(psutil.Process(loop.processes[name].pid), itself=True) for name in SERVICES}
    pool = open_store(loop.settings.store).snapshot(loop.state(project).project.pool)
    with simulated_annotators(loop, project, pool, [Person(loop.argilla).key]):
        while not (finished(state := loop.state(project)) and state.audits):
            time.sleep(0.5)
    return state, {name: memory.taken() for name, memory in memories.items()}


def measured(folder: Path, size: int, server: ArgillaServer) -> dict[str, str]:
    """The figures of a project of so many texts."""
    texts = list(islice(rows(size + FURTHER), size + FURTHER))
    mail, more = folder / f"{size}.csv", folder / f"{size}-more.csv"
    write_mail(mail, texts[:size])
    write_mail(more, texts[size:])
    figures: dict[str, str] = {}
    with a_loop(folder / f"home-{size}", server) as loop:
        loop.quick = False
        where = loop.where
        created, figures["`init`"] = command("init", "--dataset", mail, *SETTINGS, *where)
        project = str(json.loads(created)["project"])
        began = datetime.now(UTC)
        state, memories = label(loop, project)
        figures["whole loop"] = f"{(datetime.now(UTC) - began).total_seconds():.0f} s for {BATCHES} batches"
        opened = state.batches["0"].revisions[0].opened
        assert opened is not None
        figures["first texts in Argilla, from the start of the services"] = (
            f"{(opened - began).total_seconds():.1f} s"
        )
        waited = spread(list(waits(state).values()))
        figures["waits for a batch"] = f"median {waited.p50:.1f} s, most {waited.max:.1f} s"
        for name, most in memories.items():
            figures[f"{name} and its tasks, at most"] = f"{most / 1e6:,.0f} MB"
        out = folder / f"out-{size}.csv"
        for arguments in (
            ("status",),
            ("curve",),
            ("why", min(state.batches["0"].items)),
            ("events", "--project", project),
            ("export", "--output", out),
            ("replay", "--verify"),
            ("add", project, more),
        ):
            figures[f"`{arguments[0]}`"] = command(*arguments, *where)[1]
        for name in SERVICES:
            loop.stop(name)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 1_000_000])
    sizes = parser.parse_args().sizes
    with tempfile.TemporaryDirectory() as folder:
        server = ArgillaServer(Path(folder) / "argilla", free_port())
        server.start()
        try:
            columns = {f"{size:,} texts": measured(Path(folder), size, server) for size in sizes}
        finally:
            server.stop()
    publish("whole-project", comparison("A project as a whole: seconds and private memory", columns))


if __name__ == "__main__":
    main()
