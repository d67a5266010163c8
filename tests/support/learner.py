"""One learner for all tests of a session, and the processes that perform its tasks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from labelloop.learner.shared import SHARED, private_folder


@pytest.fixture(scope="session", autouse=True)
def session_learner() -> Iterator[psutil.Process]:
    """The learner of all that the tests start. It is light until it is asked."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HF_HUB_OFFLINE", "1")
        environment.delenv(SHARED, raising=False)
        with a_learner() as (address, process):
            environment.setenv(SHARED, address)
            yield process


@contextmanager
def a_learner(**environment: str) -> Iterator[tuple[str, psutil.Process]]:
    """A learner with this environment besides the tests' own: its address and its process."""
    with private_folder() as folder:
        address = str(Path(folder) / "learner")
        options = ("--address", address, "--threads", "1", "--stop-with-parent")
        command = [sys.executable, "-P", "-m", "labelloop.learner", *options]
        with psutil.Popen(command, env=os.environ | environment) as process:
            try:
                yield address, process
            finally:
                process.kill()


@pytest.fixture
def own_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the test starts loads the heavy libraries by itself."""
    monkeypatch.delenv(SHARED)


def tasks(of: int) -> list[psutil.Process]:
    """The processes of the tasks that this process runs: the children of its warm process."""
    try:
        return [task for process in psutil.Process(of).children() for task in process.children()]
    except psutil.NoSuchProcess:
        return []
