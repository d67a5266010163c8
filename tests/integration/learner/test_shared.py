"""A learner that several services share: whom its children stand for, and what happens when one is gone."""

import asyncio
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from labelloop.errors import Unavailable
from labelloop.learner import shared
from labelloop.learner.requests import Ping
from labelloop.learner.shared import SHARED, private_folder
from labelloop.learner.worker import Worker
from labelloop.store.task_failures import TaskFailed, WorkerCrashed
from tests.integration.learner.conftest import Bench, endless
from tests.support.children import PATIENCE
from tests.support.learner import tasks
from tests.support.messages import raises_naming


async def running(learner: psutil.Process) -> list[psutil.Process]:
    """The processes of the learner's tasks, once there is one that works."""
    async with asyncio.timeout(PATIENCE):
        while not (found := [task for task in tasks(learner.pid) if task.cpu_times().user > 0.2]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where there is no learner yet."""
    with private_folder() as folder:
        monkeypatch.setenv(SHARED, str(Path(folder) / "learner"))
        yield str(Path(folder) / "learner")


def started(address: str) -> psutil.Popen:
    options = ("--address", address, "--threads", "1", "--stop-with-parent")
    return psutil.Popen([sys.executable, "-P", "-m", "labelloop.learner", *options])


async def test_workers_start_no_children_of_their_own(session_learner: psutil.Process) -> None:
    before = psutil.Process().children()

    answers = await asyncio.gather(*(Worker(1).run(Ping()) for _ in range(3)))

    assert all({"torch", "transformers", "small-text"} <= versions.keys() for versions in answers)
    assert psutil.Process().children() == before
    assert not tasks(session_learner.pid)


@pytest.mark.all_cells
async def test_the_result_is_that_of_an_own_child(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    by_learner = await Worker(1).run(bench.training(into="shared"))
    monkeypatch.delenv(SHARED)
    by_itself = await Worker(1).run(bench.training(into="own"))

    assert by_learner.sha256 == by_itself.sha256


async def test_a_child_has_the_environment_and_the_folder_of_who_asks(
    session_learner: psutil.Process, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLD", "to the child")
    monkeypatch.chdir(tmp_path)
    task = asyncio.create_task(Worker(1).run(endless(bench.training())))

    (child,) = await running(session_learner)

    assert child.cwd() == str(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    psutil.wait_procs([child], PATIENCE)
    assert not child.is_running()


async def test_an_error_in_a_task_keeps_its_kind(bench: Bench) -> None:
    with pytest.raises(TaskFailed) as caught:
        await Worker(1).run(replace(bench.training(), examples=bench.examples(0, 3, 6)))

    assert caught.value.kind == "bad-input"


async def test_a_killed_child_is_an_error_and_the_learner_goes_on(
    session_learner: psutil.Process, bench: Bench
) -> None:
    task = asyncio.create_task(Worker(1).run(endless(bench.training())))

    for child in await running(session_learner):
        child.kill()

    with raises_naming(WorkerCrashed, "crashed", 9):
        await task
    assert await Worker(1).run(Ping())


async def test_closing_a_worker_ends_its_tasks_only(session_learner: psutil.Process, bench: Bench) -> None:
    closed, other = Worker(1), Worker(1)
    ending = asyncio.create_task(closed.run(endless(bench.training())))
    await running(session_learner)
    going_on = asyncio.create_task(other.run(Ping()))

    closed.close()

    with pytest.raises(WorkerCrashed):
        await ending
    assert await going_on


ASKS = """
import asyncio, pickle, sys
from labelloop.learner.worker import Worker

asyncio.run(Worker(1).run(pickle.load(sys.stdin.buffer)))
"""


async def test_a_child_ends_when_who_asked_is_killed(session_learner: psutil.Process, bench: Bench) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    asking = psutil.Popen([sys.executable, "-c", ASKS], stdin=subprocess.PIPE, env=environment)
    asking.stdin.write(pickle.dumps(endless(bench.training())))
    asking.stdin.close()
    working = await running(session_learner)

    asking.kill()
    asking.wait()

    _, alive = psutil.wait_procs(working, PATIENCE)
    assert alive == []


@pytest.mark.all_cells
async def test_a_worker_waits_for_a_learner_that_is_being_started(address: str) -> None:
    warming = asyncio.create_task(Worker(1).run(Ping()))
    await asyncio.sleep(0)

    with started(address) as learner:
        assert await warming
        learner.terminate()
        assert learner.wait(PATIENCE) == 0


@pytest.mark.all_cells
async def test_a_learner_that_ends_is_an_outage_and_its_children_end(address: str, bench: Bench) -> None:
    with started(address) as learner:
        task = asyncio.create_task(Worker(1).run(endless(bench.training())))
        working = await running(learner)

        learner.kill()

        with raises_naming(Unavailable, "learner"):
            await task
    _, alive = psutil.wait_procs(working, PATIENCE)
    assert alive == []

    with started(address) as learner:
        assert await Worker(1).run(Ping())
        learner.terminate()


async def test_a_learner_that_is_not_there_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PATIENCE", 0.0)

    with raises_naming(Unavailable, address):
        await Worker(1).run(Ping())


async def test_a_worker_that_waits_for_a_learner_can_be_cancelled(address: str) -> None:
    waiting = asyncio.create_task(Worker(1).run(Ping()))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_only_this_user_can_reach_a_learner() -> None:
    with private_folder() as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
