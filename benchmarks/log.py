"""How fast the SQLite log is, how soon another process sees an event, and what an idle tail costs.

`python -m benchmarks.log` takes about two minutes; `--quick` takes less and measures less well.
"""

import argparse
import asyncio
import multiprocessing as mp
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles

import psutil

from benchmarks.report import publish, table
from labelloop.log.base import Arrived
from labelloop.log.sqlite import SqliteLog
from schemas.envelope import Event, new_event
from schemas.events import ProjectPaused

SPAWN = mp.get_context("spawn")


def some_event(number: int) -> Event:
    return new_event("benchmark", ProjectPaused(request=str(number), who="ada", why="x" * 200), source="b")


async def append_rate(path: Path, count: int, size: int) -> float:
    """Events a second, `size` in a transaction."""
    log = SqliteLog(path)
    events = [some_event(number) for number in range(count)]
    started = time.perf_counter()
    for first in range(0, count, size):
        await log.append(*events[first : first + size])
    seconds = time.perf_counter() - started
    await log.close()
    return count / seconds


async def read_rate(path: Path) -> tuple[int, float, float]:
    """Events in the log, events read a second, and the seconds that opening it took."""
    started = time.perf_counter()
    log = SqliteLog(path)
    opened = time.perf_counter()
    count = 0
    async for record in log.read():
        count += record.event is not None
    seconds = time.perf_counter() - opened
    await log.close()
    return count, count / seconds, opened - started


async def latencies(path: Path, count: int) -> list[float]:
    """Seconds from the call of `append` here to an event's arrival at an owner in another process."""
    log = SqliteLog(path)
    appended: list[float] = []
    with owner(path) as (_, seen):
        first = log.end()
        for number in range(count):
            await asyncio.sleep(random.uniform(0.0, 0.2))
            appended.append(time.monotonic())
            await log.append(some_event(first + number))
        arrived = [await asyncio.to_thread(seen.recv) for _ in range(count)]
    await log.close()
    return [there - here for here, there in zip(appended, arrived, strict=True)]


def idle_share(path: Path, seconds: float) -> float:
    """The share of one core that an owner uses while nothing happens."""
    with owner(path) as (process, _):
        time.sleep(1.0)
        before = process.cpu_times()
        time.sleep(seconds)
        after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds


@contextmanager
def owner(path: Path) -> Iterator[tuple[psutil.Process, Connection]]:
    """A process that owns a service, caught up; it sends the time at which each later event arrived."""
    seen, sender = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_own, args=(path, sender))
    process.start()
    seen.recv()
    try:
        yield psutil.Process(process.pid), seen
    finally:
        process.kill()
        process.join()


def _own(path: Path, sender: Connection) -> None:
    asyncio.run(_watch(path, sender))


async def _watch(path: Path, sender: Connection) -> None:
    caught_up = False
    async with SqliteLog(path).own("benchmark") as ownership:
        async for change in ownership:
            if not isinstance(change, Arrived):
                continue
            now = time.monotonic()
            for _ in change.records if caught_up else ():
                sender.send(now)
            if change.caught_up and not caught_up:
                caught_up = True
                sender.send(now)


async def measure(folder: Path, quick: bool) -> dict[str, str]:
    size = 20_000 if quick else 100_000
    one = await append_rate(folder / "one.sqlite", 500 if quick else 2000, 1)
    twenty = await append_rate(folder / "twenty.sqlite", 5000 if quick else 20_000, 20)
    thousand = await append_rate(folder / "log.sqlite", size, 1000)
    count, read, opened = await read_rate(folder / "log.sqlite")
    seen = await latencies(folder / "log.sqlite", 50 if quick else 300)
    cuts = quantiles(seen, n=100)
    idle = idle_share(folder / "log.sqlite", 10.0 if quick else 30.0)
    return {
        "append, 1 event a transaction": f"{one:,.0f} events/s",
        "append, 20 events a transaction": f"{twenty:,.0f} events/s",
        "append, 1000 events a transaction": f"{thousand:,.0f} events/s",
        f"open a log of {count:,} events": f"{opened:.2f} s",
        f"read {count:,} events": f"{read:,.0f} events/s",
        "append here, seen in another process": (
            f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, max {max(seen) * 1000:.0f} ms"
        ),
        "CPU of an idle owner": f"{idle:.2%} of a core",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller, for a first look; keeps no result")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        text = table("The SQLite log", asyncio.run(measure(Path(folder), quick)))
    print(text) if quick else publish("log", text)


if __name__ == "__main__":
    main()
