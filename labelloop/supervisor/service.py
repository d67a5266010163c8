"""A service as a process in its own session, its log file, and what that says about why it ended."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from labelloop import atomic
from labelloop.config.environment import of_child
from labelloop.errors import UserError, one_line

LARGEST = 5_000_000
TAIL = 64 * 1024
LONGEST = 500
ASKED_TO_STOP = {-number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
TRACEBACK = "Traceback (most recent call last):"
IGNORED = "Exception ignored in"
OF_GROUP = re.compile(r"^ *(?:\| |\+ (?:Exception Group )?|\+-.*)")
LOGGED = re.compile(r"^\S+ \[(?P<level>[a-z]+) *\] (?P<message>.*)$")
NAMED = re.compile(
    r"^(?:\[?[\d:T.,Z -]*\]? *(?:ERROR|CRITICAL)\b:? *|(?:[\w./-]+: )?[Ee]rror: )(?P<message>.+)$"
)
FATAL = re.compile(r"^(?:Fatal Python error|terminate called|.*: (?:symbol lookup )?error while loading)\b")
ERROR, DEADLY = 1, 2
RANKS = {"error": ERROR, "critical": DEADLY, "fatal": DEADLY}


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


@dataclass(frozen=True)
class NamedError:
    """A line that names an error. `rank`: ERROR, or DEADLY if the process ends by it."""

    rank: int
    line: str


def cause_of_end(log: Path, code: int, start: int = 0) -> str:
    """The line that names the error by which a process ended with this exit status, or "".

    `start`: where in the file its lines begin. Who was killed or asked to stop did not end by an error.
    Without a line that names one, it is the last line, unless that is an ordinary line of a log.
    """
    if code in ASKED_TO_STOP:
        return ""
    lines = _lines(log, start)
    errors = list(named_errors(lines))
    rank = max((error.rank for error in errors), default=0)
    if code < 0 and rank < DEADLY:
        return ""
    if errors:
        return _shown([error.line for error in errors if error.rank == rank][-1])
    return _shown(lines[-1]) if lines and code and not _is_ordinary(lines[-1]) else ""


def named_errors(lines: Iterable[str]) -> Iterator[NamedError]:
    """The lines that name errors: of log lines by their level, of tracebacks the line under the frames."""
    pending: int | None = None
    logged: NamedError | None = None
    for line in (_without_group(line) for line in lines):
        if line.startswith(TRACEBACK):
            rank = logged.rank if logged else DEADLY if pending is None else pending
            pending, logged = rank, None
            continue
        if pending is not None and (not line.strip() or line.startswith(" ")):
            continue
        if pending is not None:
            if pending:
                yield NamedError(pending, line)
            pending = None
            continue
        if logged is not None:
            yield logged
            logged = None
        if line.startswith(IGNORED):
            pending = 0
        else:
            logged = _logged(line)
    if logged is not None:
        yield logged


def _logged(line: str) -> NamedError | None:
    """The error of a single line, in any of the forms that the processes of a home write."""
    if (facts := _json(line)) is not None:
        rank = RANKS.get(str(facts.get("level")), 0)
        trace = [each for each in str(facts.get("exception", "")).splitlines() if each.strip()]
        return NamedError(rank, trace[-1] if trace else str(facts.get("message"))) if rank else None
    if match := LOGGED.match(line):
        rank = RANKS.get(match["level"], 0)
        return NamedError(rank, match["message"]) if rank else None
    if FATAL.match(line):
        return NamedError(DEADLY, line)
    return NamedError(ERROR, match["message"]) if (match := NAMED.match(line)) else None


def _is_ordinary(line: str) -> bool:
    return _json(line) is not None or LOGGED.match(line) is not None


def _json(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        facts = json.loads(line)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def _without_group(line: str) -> str:
    """The line of a traceback without the marks of a group of exceptions."""
    return OF_GROUP.sub("", line)


def _lines(log: Path, start: int) -> list[str]:
    """The last lines, none of them empty, from `start` on. A log that was emptied since is read whole."""
    try:
        with log.open("rb") as file:
            size = log.stat().st_size
            file.seek(max(start if start <= size else 0, size - TAIL))
            content = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in content.splitlines() if line.strip()]


def _shown(line: str) -> str:
    return one_line(line)[:LONGEST]
