"""The command line, run inside the test's process or as a process of its own."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from click.testing import CliRunner, Result

from labelloop.cli.main import cli

LABELLOOP = (sys.executable, "-c", "from labelloop.cli import main; main()")
PATIENCE = 120.0


def labelloop(*arguments: object, environment: Mapping[str, str] | None = None) -> Result:
    """Run a command here and now. The logging of this process stays as it is."""
    with _own_logging():
        return CliRunner().invoke(cli, [str(each) for each in arguments], env=environment)


@contextmanager
def _own_logging() -> Iterator[None]:
    root, hook = logging.getLogger(), sys.excepthook
    level, handlers = root.level, root.handlers[:]
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        sys.excepthook = hook
        logging.captureWarnings(False)


def error_line(result: Result) -> str:
    """The one line that a command failed with, having said nothing else on stderr."""
    assert result.exit_code == 2, (result.exit_code, result.output, result.exception)
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


@contextmanager
def command(*arguments: object, output: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A command in a session of its own, its output in a file; interrupted at the end if it still runs."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*LABELLOOP, *(str(each) for each in arguments)],
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds; fail when it does not in two minutes."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > give_up:
            raise AssertionError(f"not in {PATIENCE:g} s: {what}")
        time.sleep(0.1)


def processes_about(folder: Path) -> list[str]:
    """The command lines of the processes that have the folder in their environment or arguments."""
    return [
        description for process in psutil.process_iter() if str(folder) in (description := _about(process))
    ]


def _about(process: psutil.Process) -> str:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return ""
        environment = process.environ()
        return " ".join(
            [
                *process.cmdline(),
                environment.get("LABELLOOP_LOG", ""),
                environment.get("ARGILLA_HOME_PATH", ""),
            ]
        )
    except psutil.Error:
        return ""
