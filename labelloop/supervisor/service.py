"""A service as a process in its own session, and its log file."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from labelloop import atomic
from labelloop.config.environment import of_child
from labelloop.errors import UserError

LARGEST = 5_000_000


@dataclass(frozen=True)
class Service:
    """A command with a name and additions to the environment. `log` gets stdout and stderr."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


async def start(service: Service) -> asyncio.subprocess.Process:
    """Start the service as leader of its own process group. Raises UserError if it cannot start."""
    try:
        atomic.make_folder(service.log.parent)
        with _appending(service.log) as log:
            return await asyncio.create_subprocess_exec(
                *service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=of_child(service.environment),
                start_new_session=True,
            )
    except OSError as error:
        raise UserError(f"cannot start {service.name}: {error}") from error


def _appending(log: Path) -> BinaryIO:
    mode = atomic.limited(atomic.ANY_USER, log.parent)
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode), "ab")


async def end(process: asyncio.subprocess.Process, grace: float) -> None:
    """Stop the process; kill it after `grace` seconds. No process of its group is left."""
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), grace)
    kill_group(process.pid)
    await process.wait()


def kill_group(leader: int) -> None:
    """Kill every process of the group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """An exit status in words: `signal SIGKILL` or `exit code 2`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def length(log: Path) -> int:
    """The size of a log in bytes, 0 if there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def rotate(log: Path, largest: int = LARGEST) -> None:
    """Move a log's content to `<log>.1` if it is larger than `largest` bytes.

    The file itself is kept and emptied, so that a process can continue to append to it.
    """
    with suppress(OSError):
        if log.stat().st_size > largest:
            shutil.copy(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)
