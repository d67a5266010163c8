"""The line of a log that names why a process ended."""

import subprocess
import sys
from pathlib import Path

import pytest

from labelloop.supervisor.service import cause_of_end

LOGS = "from labelloop.observe import logs; logs.configure({json}); import logging, sys\n"
TEXT, JSON = LOGS.format(json=False), LOGS.format(json=True)
GROUP = """
import asyncio
async def fail(): raise ValueError('of a task')
async def main():
    async with asyncio.TaskGroup() as tasks: tasks.create_task(fail())
asyncio.run(main())
"""
IGNORED = "class A:\n def __del__(self): raise RuntimeError('noise')\na = A()\n"


def ran(tmp_path: Path, code: str) -> str:
    """What is said of a program that ran and ended by itself."""
    log = tmp_path / "trainer.log"
    with log.open("wb") as file:
        run = subprocess.run([sys.executable, "-c", code], stdout=file, stderr=file, check=False)
    return cause_of_end(log, run.returncode)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("raise ValueError('first\\nsecond')", "ValueError: first"),
        ("try: 1 / 0\nexcept Exception as error: raise OSError('outer') from error", "OSError: outer"),
        (GROUP, "ValueError: of a task"),
        (f"{TEXT}logging.info('well'); raise KeyError('k')", "KeyError: 'k'"),
        (f"{JSON}logging.info('well'); raise KeyError('k')", "KeyError: 'k'"),
        (f"{TEXT}logging.error('no topic'); logging.info('bye'); sys.exit(3)", "no topic"),
        (f"{JSON}logging.error('no topic'); logging.info('bye'); sys.exit(3)", "no topic"),
        (f"{TEXT}logging.info('well'); sys.exit(1)", ""),
        (f"{IGNORED}import sys; print('error: port taken', flush=True); sys.exit(2)", "port taken"),
        ("import argparse; argparse.ArgumentParser().parse_args(['--b'])", "unrecognized arguments: --b"),
        ("import faulthandler, os; faulthandler.enable(); os.abort()", "Fatal Python error: Aborted"),
        (
            "print('ERROR:    [Errno 98] in use'); print('INFO:     bye'); raise SystemExit(1)",
            "[Errno 98] in use",
        ),
        ("print('a last word'); raise SystemExit(4)", "a last word"),
        ("print('all is well')", ""),
        ("raise SystemExit(1)", ""),
    ],
)
def test_the_cause_is_the_line_that_names_the_error(tmp_path: Path, code: str, cause: str) -> None:
    assert ran(tmp_path, code) == cause


@pytest.mark.parametrize("code", [-9, -15])
def test_a_process_that_was_killed_did_not_end_by_an_error_before(tmp_path: Path, code: int) -> None:
    log = tmp_path / "trainer.log"
    log.write_text("2026-11-28T14:21:55Z [error] a training failed and will be retried\nall is well\n")

    assert cause_of_end(log, code) == ""


def test_lines_of_an_earlier_process_do_not_count(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    log.write_text("error: of the process before\n")
    start = log.stat().st_size
    assert cause_of_end(log, 1, start) == ""

    with log.open("a") as file:
        file.write("error: of this one\n")
    assert cause_of_end(log, 1, start) == "of this one"

    log.write_text("error: anew\n")
    assert cause_of_end(log, 1, start) == "anew"
    assert cause_of_end(tmp_path / "none.log", 1) == ""


def test_a_log_is_shown_in_one_short_line_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    log.write_text(f"error: \x1b[31m{'x' * 9000}\n")

    cause = cause_of_end(log, 1)

    assert "\x1b" not in cause
    assert len(cause) < 1000
