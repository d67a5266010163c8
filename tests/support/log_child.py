"""A process that uses a log: `python -m tests.support.log_child KIND PLACE LIFETIME COMMAND …`.

It prints a line of JSON for everything that happens, and obeys lines on its standard input.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from labelloop.log.base import Arrived, Assigned, Fenced, Log, Ownership, Revoked
from tests.support.logs import KINDS, some_event


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


async def orders() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def append(log: Log, project: str, start: str, count: str, size: str) -> None:
    """Append `count` events in transactions of `size`; says each number that is safe in the log."""
    say(ready=True)
    await (await orders()).readline()
    for first in range(int(start), int(start) + int(count), int(size)):
        await log.append(*(some_event(project, number) for number in range(first, first + int(size))))
        say(appended=first + int(size) - 1)


async def own(log: Log, service: str, project: str) -> None:
    """Own a service until told to leave; appends the numbers that it is given."""
    say(waiting=True)
    async with log.own(service) as ownership, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(ownership))
        reader = await orders()
        while line := (await reader.readline()).decode().strip():
            if line == "leave":
                break
            await _append_as_owner(ownership, project, int(line))
        watching.cancel()
    say(left=True)


async def _watch(ownership: Ownership) -> None:
    async for change in ownership:
        match change:
            case Arrived():
                requests = [_number(record.event) for record in change.records]
                say(arrived=requests, caught_up=change.caught_up)
            case Assigned():
                say(assigned=change.partition)
            case Revoked():
                say(revoked=change.partition)
    say(ended=True)


async def _append_as_owner(ownership: Ownership, project: str, number: int) -> None:
    try:
        await ownership.append(some_event(project, number))
        say(appended=number)
    except Fenced:
        say(fenced=number)


async def follow(log: Log, group: str, commit: str) -> None:
    """Follow for ever; commits what it has seen where told to."""
    async with log.follow(group) as follower:
        async for record in follower:
            if commit == "yes":
                await follower.commit(record)
            say(seen=_number(record.event))


def _number(event: Any) -> int | None:
    return None if event is None else int(event.payload.request)


async def main(kind: str, place: str, lifetime: str, command: str, *arguments: str) -> None:
    log = KINDS[kind].open(place, float(lifetime))
    jobs: dict[str, Callable[..., Awaitable[None]]] = {"append": append, "own": own, "follow": follow}
    await jobs[command](log, *arguments)
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
