"""A service as a process: what it says when it cannot start, and when it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.loop import ROOT, Loop
from tests.support.matrices import cells
from tests.support.messages import names

START = (
    "import os, subprocess, sys; print(subprocess.Popen([sys.executable, '-m', {module!r}]).pid, flush=True)"
)
SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")


def run(service: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a service that is to end by itself."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("LABELLOOP_")} | environment
    command = [sys.executable, "-P", "-m", "labelloop.runtime", service]
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("service", cells("querier", rest=[each for each in SERVICES if each != "querier"]))
def test_a_setting_that_is_missing_is_one_line_and_an_exit(service: str, loop: Loop) -> None:
    environment = loop.settings.to_environment()
    del environment["LABELLOOP_STORE"]

    ended = run(service, **environment)

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert names(line, "LABELLOOP_STORE")


@pytest.mark.parametrize("name", ["", "Trainer", "random"])
def test_what_is_no_service_is_one_line_and_an_exit(name: str) -> None:
    ended = run(name)

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert names(line, *SERVICES)


@pytest.mark.parametrize(
    "service", cells("trainer", "alerting", rest=[each for each in SERVICES if each != "trainer"])
)
def test_where_logs_are_json_so_is_that_line_and_it_names_the_service(service: str) -> None:
    ended = run(service, LABELLOOP_LOG_FORMAT="json")

    assert ended.returncode == 2
    line = json.loads(ended.stderr.splitlines()[-1])
    assert (line["service"], line["level"]) == (service, "error")
    assert "LABELLOOP_" in line["message"]


def test_a_log_that_is_none_is_one_line_and_an_exit(loop: Loop, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no log " * 1000)
    log = f"sqlite:///{tmp_path / 'notes.txt'}"

    ended = run("annotation_watcher", **loop.settings.to_environment() | {"LABELLOOP_LOG": log})

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert names(line, tmp_path / "notes.txt")


def test_an_address_that_is_none_is_one_line_and_an_exit(loop: Loop) -> None:
    ended = run("querier", **loop.settings.to_environment() | {"LABELLOOP_ARGILLA_URL": "nowhere"})

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert names(line, "'nowhere'")


def test_a_service_ends_with_the_process_that_started_it(loop: Loop) -> None:
    environment = {**os.environ, **loop.settings.to_environment()}
    code = "import os; os.environ['LABELLOOP_PARENT'] = str(os.getpid()); " + START.format(
        module="services.annotation_watcher"
    )
    starting = subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert starting.stdout is not None
    service = psutil.Process(int(starting.stdout.readline()))
    loop.until(lambda: loop.status_file("annotation_watcher").get("doing") == "idle")

    starting.kill()
    starting.wait()

    loop.until(lambda: not service.is_running() or service.status() == psutil.STATUS_ZOMBIE)
