"""What the services cost at rest and how soon they react: `python -m benchmarks.services`.

The services run as processes on a real log and the embedded Argilla, as `labelloop up` runs them.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from benchmarks.report import publish, table
from labelloop.loop.state import LoopState
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
STARTS = 5
PROJECTS = 20
CALM = 30.0
MEBIBYTE = 1024 * 1024


def starts(loop: Loop) -> list[float]:
    """Seconds from starting the watcher until it owns its projects."""
    seconds = []
    for _ in range(STARTS):
        began = time.monotonic()
        loop.start("annotation_watcher")
        pid = loop.processes["annotation_watcher"].pid
        status_file: dict[str, object] = {}
        while status_file.get("pid") != pid or status_file.get("doing") != "idle":
            time.sleep(0.002)
            status_file = loop.status_file("annotation_watcher")
        seconds.append(time.monotonic() - began)
        loop.stop("annotation_watcher")
    return seconds


def reactions(loop: Loop) -> list[float]:
    """Seconds from an event's append to that of the event which another service answers with."""
    seconds = []
    for _ in range(PROJECTS):
        project = loop.create(texts(2), batch_size=2, max_batches=1)
        loop.wait(project, lambda state: state.batches)
        created, queried = (event.time for event in loop.events if event.project == project)
        seconds.append((queried - created).total_seconds())
        time.sleep(0.3)
    return seconds


def training_starts(loop: Loop, owner: Owner, project: str, ann: Person) -> float:
    """Seconds from BatchAnnotated to the start of the training's process."""
    warm = loop.processes["trainer"].pid
    loop.until(lambda: any(True for _ in loop.children("trainer")) and not tasks(loop, warm))
    label_all(ann, owner.records(0), lambda item: LABELS[item % len(LABELS)])
    processes: list[psutil.Process] = []
    while not processes:
        time.sleep(0.002)
        processes = tasks(loop, warm)
    began = time.time()
    state = loop.wait(project, lambda state: state.batches["0"].done)
    annotated = state.batches["0"].annotated_at
    assert annotated is not None
    return began - annotated.timestamp()


def tasks(loop: Loop, service: int) -> list[psutil.Process]:
    return [child for child in loop.children("trainer") if child.ppid() != service and is_task(child)]


def is_task(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def idle(loop: Loop, server: ArgillaServer, seconds: float) -> list[tuple[str, float, float]]:
    """Per cent of a core and MiB of each service and of Argilla, over some seconds in which nobody acts."""
    assert server.process is not None
    pids = {name: process.pid for name, process in loop.processes.items()} | {"argilla": server.process.pid}
    processes = {name: psutil.Process(pid) for name, pid in pids.items()}
    before = {name: used(process) for name, process in processes.items()}
    began = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return [
        (name, 100 * (used(process) - before[name]) / passed, process.memory_info().rss / MEBIBYTE)
        for name, process in processes.items()
    ]


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def is_settled(state: LoopState) -> bool:
    return len(state.batches) == 2 and not state.failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to look at idle services")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        server = ArgillaServer(Path(folder) / "argilla", free_port())
        server.start()
        try:
            with a_loop(Path(folder) / "home", server) as loop:
                loop.quick = False
                report(loop, server, seconds)
        finally:
            server.stop()


def report(loop: Loop, server: ArgillaServer, seconds: float) -> None:
    project = loop.create(texts(200), batch_size=20, max_batches=4)
    started = starts(loop)
    loop.start(*SERVICES)
    owner, ann = Owner(server, project), Person(server)
    loop.wait(project, is_settled)
    loop.until(lambda: len(owner.records(0)) == 20)
    time.sleep(CALM)
    at_rest = idle(loop, server, seconds)
    to_training = training_starts(loop, owner, project, ann)
    reacted = reactions(loop)
    begun = f"median {median(started):.2f} s, most {max(started):.2f} s"
    answered = f"median {median(reacted) * 1000:.0f} ms, most {max(reacted) * 1000:.0f} ms"
    figures = {
        "watcher, from start until it owns its projects": begun,
        "from an event to the next service's answer in the log": answered,
        "from BatchAnnotated to the training's process": f"{to_training:.2f} s",
    }
    for name, cpu, size in at_rest:
        figures[f"{name} at rest, two batches open"] = f"{cpu:.2f} % of a core, {size:.0f} MiB"
    publish("services", table("The services at rest and at work", figures))


if __name__ == "__main__":
    main()
