"""Real processes under a real supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from labelloop.config.home import Home, open_home
from labelloop.supervisor.service import LARGEST, Service
from labelloop.supervisor.state import read_state
from labelloop.supervisor.supervisor import Supervisor, end_leftovers
from tests.support.command import eventually
from tests.support.messages import names

SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = open_home(tmp_path / "home")
    found.run.mkdir(mode=0o700)
    return found


def python(home: Home, name: str, code: str) -> Service:
    return Service(name, (sys.executable, "-c", code), home.logs / f"{name}.log")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def pid_of(home: Home, name: str) -> int | None:
    state = read_state(home.run)
    process = state.processes.get(name) if state else None
    return process.pid if process and process.state == "running" else None


def said(home: Home, name: str) -> list[str]:
    log = home.logs / f"{name}.log"
    return log.read_text().split() if log.exists() else []


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_process_that_is_killed_is_started_again_without_what_it_had_started(home: Home) -> None:
    told: list[str] = []
    async with Supervisor(home, "http://a", told.append) as supervisor:
        supervisor.start(python(home, "trainer", SLEEPER))
        await until(lambda: len(said(home, "trainer")) == 1)
        first, child = pid_of(home, "trainer"), int(said(home, "trainer")[0])
        assert first is not None

        os.kill(first, signal.SIGKILL)

        await until(lambda: pid_of(home, "trainer") not in (None, first))
        await until(lambda: not lives(child))
        state = supervisor.state_of("trainer")
        assert state is not None
        assert state.restarts == 1
        assert names(state.ended, "SIGKILL")
    (line,) = told
    assert names(line, "trainer", "SIGKILL")
    assert not names(line, child)


async def test_the_line_that_names_the_error_tells_why_a_process_ended(home: Home) -> None:
    said: list[str] = []
    (home.logs).mkdir()
    (home.logs / "trainer.log").write_text("OSError: of an earlier process\n")
    code = "import atexit; atexit.register(print, 'goodbye'); raise ValueError('no such label')"
    async with Supervisor(home, "http://a", said.append) as supervisor:
        supervisor.start(python(home, "trainer", code))
        supervisor.start(python(home, "querier", "print('all is well'); raise SystemExit(3)"))
        await until(lambda: len({line.split()[0] for line in said}) == 2)

    trainer = next(line for line in said if line.startswith("trainer"))
    querier = next(line for line in said if line.startswith("querier"))
    assert names(trainer, "ValueError: no such label")
    assert not names(trainer, "goodbye")
    assert names(querier, "exit code 3", "all is well")


async def test_nothing_is_left_running_at_the_end(home: Home) -> None:
    async with Supervisor(home, "http://a", print) as supervisor:
        for name in ("annotators", "trainer", "argilla"):
            supervisor.start(python(home, name, SLEEPER))
        await until(lambda: all(said(home, name) for name in ("annotators", "trainer", "argilla")))
        state = read_state(home.run)
        assert state is not None
        pids = [process.pid for process in state.processes.values() if process.pid]
        children = [int(said(home, name)[0]) for name in ("annotators", "trainer", "argilla")]

    assert len(pids) == 3
    assert not any(lives(pid) for pid in pids)
    eventually(lambda: not any(lives(pid) for pid in children), "their children have ended too")


async def test_the_files_of_a_new_home_are_for_its_user_only(home: Home) -> None:
    home.logs.mkdir(mode=0o700)
    (home.logs / "trainer.log").touch(0o600)
    (home.logs / "trainer.log").write_bytes(b"x" * (LARGEST + 1))

    async with Supervisor(home, "http://a", print) as supervisor:
        for name in ("trainer", "querier"):
            supervisor.start(python(home, name, STUBBORN))
        await until(lambda: all(said(home, name) == ["ready"] for name in ("trainer", "querier")))
        supervisor.kill()

    modes = {path.name: path.stat().st_mode & 0o777 for path in home.path.rglob("*") if path.is_file()}
    assert modes == dict.fromkeys(
        ("home.json", "supervisor.json", "version.json", "trainer.log", "trainer.log.1", "querier.log"), 0o600
    )


async def test_a_process_that_will_not_stop_is_killed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelloop.supervisor.supervisor.GRACE", 0.2)
    async with Supervisor(home, "http://a", print) as supervisor:
        supervisor.start(python(home, "trainer", STUBBORN))
        await until(lambda: said(home, "trainer") == ["ready"])
        pid = pid_of(home, "trainer")

    assert pid is not None
    assert not lives(pid)


async def test_a_program_that_is_not_there_is_tried_again_and_told(home: Home) -> None:
    told: list[str] = []
    async with Supervisor(home, "http://a", told.append) as supervisor:
        supervisor.start(Service("trainer", ("/nowhere/at/all",), home.logs / "trainer.log"))
        await until(lambda: len(told) == 2)

    assert names(told[0], "trainer", "/nowhere/at/all")


def test_what_a_killed_supervisor_left_is_ended_by_the_next(home: Home) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(home.path), SLEEPER])
    eventually(lambda: bool(said(home, "trainer") and pid_of(home, "trainer")), "the service runs")
    pid, child = pid_of(home, "trainer"), int(said(home, "trainer")[0])
    assert pid is not None
    supervisor.kill()
    supervisor.wait()
    assert lives(pid)
    assert lives(child)

    end_leftovers(home)

    eventually(lambda: not lives(pid) and not lives(child), "both have ended")


SUPERVISE = """
import asyncio, sys
from pathlib import Path
from labelloop.config.home import open_home
from labelloop.supervisor.service import LARGEST, Service
from labelloop.supervisor.supervisor import Supervisor

async def main():
    home = open_home(Path(sys.argv[1]))
    async with Supervisor(home, "http://a", print) as supervisor:
        supervisor.start(Service("trainer", (sys.executable, "-c", sys.argv[2]), home.logs / "trainer.log"))
        await asyncio.Event().wait()

asyncio.run(main())
"""
