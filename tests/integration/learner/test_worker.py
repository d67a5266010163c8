"""The worker: one child a task, which ends with its task, its caller and its service."""

import asyncio
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from labelloop.learner import tasks as tasks_of_learner
from labelloop.learner.child import PRELOADED
from labelloop.learner.requests import EmbedRequest, Ping, QueryRequest, TrainRequest
from labelloop.learner.shared import SHARED
from labelloop.learner.worker import Worker
from labelloop.store.artifacts import verify
from labelloop.store.task_failures import TaskFailed, WorkerCrashed
from tests.integration.learner.conftest import Bench, endless
from tests.support.children import PATIENCE
from tests.support.disks import fill
from tests.support.learner import tasks
from tests.support.messages import raises_naming

pytestmark = pytest.mark.usefixtures("own_learner")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def children(name: str) -> list[psutil.Process]:
    running = multiprocessing.active_children()
    return [psutil.Process(child.pid) for child in running if child.name == name and child.pid]


def priorities() -> dict[str, tuple[int, int]]:
    """The scheduling policy and the niceness of a child that has begun a task, by its request."""
    warm = multiprocessing.get_context("forkserver")
    warm.set_forkserver_preload(PRELOADED)
    found = {}
    for kind in QueryRequest, TrainRequest, EmbedRequest:
        receiver, sender = warm.Pipe(duplex=False)
        child = warm.Process(target=_give_way, args=(kind, sender))
        child.start()
        found[kind.__name__] = receiver.recv()
        child.join()
    return found


def _give_way(kind: type[object], sender: Connection) -> None:
    tasks_of_learner.give_way(kind.__new__(kind))
    sender.send((os.sched_getscheduler(0), os.nice(0)))


async def test_a_child_answers_with_its_versions(worker: Worker) -> None:
    versions = await worker.run(Ping())

    assert {"torch", "transformers", "small-text"} <= versions.keys()


async def test_a_child_has_ended_when_its_answer_is_there() -> None:
    worker = Worker(1, "ping")

    await worker.warm()

    assert not children("ping")


async def test_the_event_loop_goes_on_while_a_child_works(worker: Worker, bench: Bench) -> None:
    task = asyncio.create_task(worker.run(bench.training()))

    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1

    assert (await task).folder.is_dir()
    assert turns > 100


async def test_a_killed_child_is_an_error_that_says_so(bench: Bench) -> None:
    worker = Worker(1, "killed")
    task = asyncio.create_task(worker.run(endless(bench.training())))
    await until(lambda: bool(children("killed")))

    for child in children("killed"):
        child.kill()

    with raises_naming(WorkerCrashed, "crashed", 9):
        await task
    assert await worker.run(Ping())


async def test_cancelling_kills_the_child(bench: Bench) -> None:
    task = asyncio.create_task(Worker(1, "cancelled").run(endless(bench.training())))
    await until(lambda: bool(children("cancelled")))
    started = children("cancelled")

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not any(child.is_running() for child in started))


async def test_closing_ends_what_still_runs(bench: Bench) -> None:
    worker = Worker(1, "closing")
    task = asyncio.create_task(worker.run(endless(bench.training())))
    await until(lambda: bool(children("closing")))

    worker.close()

    with pytest.raises(WorkerCrashed):
        await task


def test_a_training_gives_way_to_a_pick_and_embedding_ahead_to_everything() -> None:
    found = priorities()

    assert found["QueryRequest"] == (os.SCHED_OTHER, os.nice(0))
    assert found["TrainRequest"] == (os.SCHED_OTHER, os.nice(0) + 5)
    assert found["EmbedRequest"][0] == os.SCHED_IDLE


async def test_several_children_work_at_a_time(worker: Worker, bench: Bench) -> None:
    first, second = await asyncio.gather(
        worker.run(bench.training(into="first")), worker.run(bench.training(into="second"))
    )

    assert first.sha256 == second.sha256


async def test_an_error_in_a_task_keeps_its_reason(worker: Worker, bench: Bench) -> None:
    unfit = replace(bench.training(), examples=bench.examples(0, 3, 6))

    with raises_naming(TaskFailed, "bad-input", "classes"):
        await worker.run(unfit)


async def test_a_full_disk_is_told_and_nothing_is_left(worker: Worker, bench: Bench, tiny_disk: Path) -> None:
    filler = fill(tiny_disk)
    request = replace(bench.training(), into=tiny_disk / "models")

    with pytest.raises(TaskFailed) as caught:
        await worker.run(request)

    assert caught.value.kind == "disk-full"
    assert files(tiny_disk) == [filler]


async def test_no_training_begins_where_its_model_would_not_fit(
    worker: Worker, bench: Bench, tiny_disk: Path
) -> None:
    filler = fill(tiny_disk)

    with raises_naming(TaskFailed, "disk-full", tiny_disk):
        await worker.run(endless(replace(bench.training(), into=tiny_disk / "models")))

    assert files(tiny_disk) == [filler]


async def test_what_was_trained_is_kept_though_the_disk_filled_up_meanwhile(
    worker: Worker, bench: Bench, tiny_disk: Path
) -> None:
    into = tiny_disk / "models"
    training = asyncio.create_task(worker.run(replace(bench.training(), into=into)))
    await until(lambda: any(path.stat().st_size for path in into.glob("*")))

    filler = fill(tiny_disk)

    trained = await training
    verify(trained.folder, trained.sha256)
    assert set(files(tiny_disk)) == {filler, *trained.folder.iterdir()}


SERVICE = """
import asyncio, pickle, sys
from labelloop.learner.worker import Worker

async def main():
    request = pickle.load(sys.stdin.buffer)
    await Worker(1).run(request)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.all_cells
def test_a_child_ends_when_its_service_is_killed(bench: Bench, tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(SERVICE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), SHARED: ""}
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, env=environment) as service:
        assert service.stdin is not None
        service.stdin.write(pickle.dumps(endless(bench.training())))
        service.stdin.close()
        deadline = time.monotonic() + PATIENCE
        while not (working := [p for p in tasks(service.pid) if p.cpu_times().user > 0.5]):
            assert time.monotonic() < deadline, "no child has begun to work"
            time.sleep(0.05)

        service.send_signal(signal.SIGKILL)

    _, alive = psutil.wait_procs(working, PATIENCE)
    assert alive == []


LOADING = """
import asyncio, sys
from labelloop.learner import child, worker

child.PRELOADED[:] = ["endless"]

async def main():
    cold = worker.Worker(1)
    warming = asyncio.create_task(cold.warm())
    await asyncio.to_thread(sys.stdin.readline)
    warming.cancel()
    cold.close()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_service_that_stops_does_not_wait_until_all_is_loaded(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(LOADING)
    (tmp_path / "endless.py").write_text("import signal; print('loading', flush=True); signal.pause()")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), SHARED: ""}
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        try:
            assert service.stdout.readline() == b"loading\n"
            service.stdin.write(b"\n")
            service.stdin.flush()

            assert service.wait(PATIENCE) == 0
        finally:
            service.kill()
