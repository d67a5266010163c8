"""One service as a process of its own, in a session of its own, and its log file."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from labelloop.config.environment import of_child
from labelloop.errors import UserError

LARGEST = 5_000_000
TAIL = 4096


@dataclass(frozen=True)
class Service:
    """What to run under a name, with additions to the environment; `log` takes stdout and stderr."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


async def start(service: Service) -> asyncio.subprocess.Process:
    """Start it as the leader of its own process group. Raises UserError when it cannot be started."""
    try:
        service.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(service.log)
        with service.log.open("ab") as log:
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


async def end(process: asyncio.subprocess.Process, grace: float) -> None:
    """Ask it to stop; after `grace` seconds it is killed. Nothing of its group is left."""
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), grace)
    kill_group(process.pid)
    await process.wait()


def kill_group(leader: int) -> None:
    """End every process of the group at once."""
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


def rotate(log: Path, largest: int = LARGEST) -> None:
    """Move what a log holds to `<log>.1` once it is larger than `largest` bytes.

    The file itself stays, emptied, so that a process that appends to it goes on.
    """
    with suppress(OSError):
        if log.stat().st_size > largest:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)


def last_line(log: Path) -> str:
    """The last line that says something; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
