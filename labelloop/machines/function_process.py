"""Run label functions in a process of their own, which is ended when they take too long on a text."""

import asyncio
import json
import logging
import sys
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelloop.config.environment import of_child
from labelloop.config.service_settings import LLM_KEY
from labelloop.errors import UserError, one_line

logger = logging.getLogger(__name__)
START = 120.0
"""So many seconds the functions' modules may take to be imported."""
SECONDS = 5.0
"""So many seconds all functions together may take for a text."""
LONGEST_LINE = 2**20


@dataclass(frozen=True)
class Functions:
    """What to run: a set of label functions by name, or patterns, on labels by how they are called."""

    name: str
    rules: Sequence[Sequence[str]] | None
    labels: Mapping[str, str]
    several: bool


@dataclass(frozen=True)
class FunctionVotes:
    """What the functions said of a text: labels by function. `failed`: the names of those that could not."""

    votes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """The names of the functions, a digest of their code, and what they said of the first texts."""

    functions: tuple[str, ...]
    release: str
    votes: tuple[FunctionVotes, ...]


async def run(functions: Functions, texts: Sequence[str], seconds: float = SECONDS) -> Ran:
    """Of as many texts as can be had before one takes too long, and of that one. Raises UserError."""
    command = (sys.executable, "-P", "-m", "labelloop.machines.function_worker")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # What it writes there may be a text.
        stderr=asyncio.subprocess.DEVNULL,
        env=of_child({LLM_KEY: ""}),
        limit=LONGEST_LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    request = {
        "name": functions.name,
        "rules": functions.rules,
        "labels": functions.labels,
        "several": functions.several,
        "texts": list(texts),
    }
    writing = asyncio.create_task(_write(process.stdin, json.dumps(request).encode()))
    try:
        ready = await _line(process.stdout, START)
        if ready is None:
            raise UserError(f"the label functions {functions.name} did not start within {START:g} s")
        if "error" in ready:
            raise UserError(str(ready["error"]))
        votes: list[FunctionVotes] = []
        failures = Counter[tuple[str, str]]()
        while len(votes) < len(texts):
            answer = await _line(process.stdout, seconds)
            if answer is None:
                logger.warning("the label functions %s take too long, or end, on a text", functions.name)
                votes.append(FunctionVotes(failed=(functions.name,)))
                break
            votes.append(
                FunctionVotes(
                    {each: tuple(labels) for each, labels in answer["votes"].items()}, tuple(answer["failed"])
                )
            )
            failures.update(_first_told(answer["failed"], functions.name, failures))
        _tell_of_others(functions.name, failures)
        return Ran(tuple(ready["functions"]), ready["release"], tuple(votes))
    finally:
        writing.cancel()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _write(stdin: asyncio.StreamWriter, content: bytes) -> None:
    try:
        stdin.write(content)
        await stdin.drain()
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return


async def _line(stdout: asyncio.StreamReader, seconds: float) -> dict[str, Any] | None:
    """What the process says next. None if it says nothing in time, or ended."""
    try:
        async with asyncio.timeout(seconds):
            line = await stdout.readline()
    except (TimeoutError, ValueError):
        return None
    return dict(json.loads(line)) if line else None


def _first_told(
    failed: Mapping[str, str], name: str, before: Container[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """What failed and why; each is logged when it comes first."""
    for function, why in failed.items():
        if (function, why) not in before:
            logger.warning("the label function %s of %s failed on a text: %s", function, name, one_line(why))
        yield function, why


def _tell_of_others(name: str, failures: Mapping[tuple[str, str], int]) -> None:
    for (function, why), texts in failures.items():
        if texts > 1:
            more = (function, name, texts - 1, one_line(why))
            logger.warning("the label function %s of %s failed on %s more texts: %s", *more)
