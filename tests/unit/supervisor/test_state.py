"""An older or a newer labelloop that runs beside a command is told apart."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labelloop.config.home import Home, open_home
from labelloop.doctor.machine import check_home
from labelloop.log import create_log
from labelloop.supervisor import state as module
from labelloop.supervisor.state import difference, record_version, running_versions
from tests.support.command import labelloop
from tests.support.messages import names

OLDER, OWN, NEWER = "0.1.0", "0.2.0", "0.10.0"
SUPERVISE = """
import os, sys
from pathlib import Path
from labelloop.observe.status_file import StatusFile
from labelloop.supervisor import state
from labelloop.supervisor.lock import hold
from labelloop.supervisor.state import ProcessState, SupervisorState, write_state

run, version = Path(sys.argv[1]), sys.argv[2]
with hold(run):
    if version:
        state.own_version = lambda: version
        state.record_version(run)
    processes = {"trainer": ProcessState("running", os.getpid())}
    write_state(run, SupervisorState(os.getpid(), 1.0, None, processes))
    StatusFile(run, "trainer").set(version=sys.argv[3] or None)
    print("runs", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(module, "own_version", lambda: OWN)
    return open_home(tmp_path / "home")


@contextmanager
def supervised(home: Home, version: str, trainer: str | None = None) -> Iterator[None]:
    """A supervisor of this version runs in the home, with a trainer; "" is one that tells no version."""
    arguments = [str(home.run), version, version if trainer is None else trainer]
    child = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == b"runs\n"
        yield
        child.stdin.close()


def test_nothing_is_told_of_the_same_version(home: Home) -> None:
    assert difference(home) is None
    with supervised(home, OWN):
        assert difference(home) is None
    assert difference(home) is None


@pytest.mark.parametrize(
    ("version", "trainer", "facts"),
    [
        (OLDER, None, [OLDER, OWN, "labelloop down", "labelloop up"]),
        ("", None, [OWN, "labelloop down", "labelloop up"]),
        (NEWER, None, [NEWER, OWN, "upgrade"]),
        (OLDER, OWN, [OLDER, f"trainer: {OWN}", "labelloop down"]),
        ("", OWN, [f"trainer: {OWN}", "labelloop down"]),
        (OWN, NEWER, [f"trainer: {NEWER}", "upgrade"]),
    ],
)
def test_another_version_that_runs_is_told_with_what_to_do(
    home: Home, version: str, trainer: str | None, facts: list[str]
) -> None:
    with supervised(home, version, trainer):
        line = difference(home)
        (finding,) = check_home(home.path, is_needed=True)

    assert names(line, home.path, *facts)
    assert (finding.level, finding.said) == ("warn", line)


def test_each_command_on_the_log_tells_it_in_one_line_beside_its_output(home: Home) -> None:
    asyncio.run(create_log(home.log_url))
    with supervised(home, OLDER):
        listed = labelloop("list", "--home", home.path, "--json")

    assert json.loads(listed.stdout) == []
    (line,) = listed.stderr.splitlines()
    assert names(line, OLDER, OWN)


def test_an_older_command_is_told_that_a_newer_labelloop_has_run_here(home: Home) -> None:
    with supervised(home, NEWER):
        pass
    assert names(difference(home), NEWER, OWN, "upgrade")

    record_version(home.run)
    assert names(difference(home), NEWER, OWN, "upgrade")


def test_a_version_that_an_earlier_supervisor_left_is_not_that_of_the_running_one(home: Home) -> None:
    with supervised(home, OWN):
        pass
    with supervised(home, ""):
        running = running_versions(home)

    assert running is not None
    assert (running.supervisor, running.services) == (None, {"trainer": None})


def test_what_tells_no_version_number_counts_as_the_oldest(home: Home) -> None:
    with supervised(home, "of my own"):
        assert names(difference(home), "of my own", "labelloop down")
    home.run.joinpath("version.json").write_text("{")
    assert difference(home) is None
