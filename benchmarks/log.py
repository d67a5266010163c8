"""How fast both logs are, how soon another process sees an event, and what an idle tail costs.

`python -m benchmarks.log` takes about four minutes; `--quick` takes less and measures less well. Kafka is
the one that KAFKA_BOOTSTRAP names, else one that lives as long as the run.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing as mp
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles

import psutil

from benchmarks.brokers import a_kafka
from benchmarks.replay import facts
from benchmarks.report import comparison, publish
from labelloop.config.locations import KAFKA, SQLITE
from labelloop.log import create_log, open_log
from labelloop.log.base import Arrived
from labelloop.log.kafka import read_settings
from labelloop.log.kafka.reader import EndOffsets, read
from labelloop.log.sqlite.log import SqliteLog
from schemas.envelope import Event, new_event
from schemas.events import ProjectPaused, ResponsesRecorded
from schemas.model import replaced

SPAWN = mp.get_context("spawn")
PROJECT = "benchmark"
BATCH = 1000


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    single: int
    batched: int
    replayed: int
    decoded: int
    hops: int
    idle_seconds: float


FULL = Sizes(single=2000, batched=100_000, replayed=200_000, decoded=20_000, hops=300, idle_seconds=30.0)
QUICK = Sizes(single=300, batched=20_000, replayed=20_000, decoded=5_000, hops=50, idle_seconds=5.0)


def small_events(count: int) -> list[Event]:
    return [
        new_event(PROJECT, ProjectPaused(request=str(number), who="ada", why="x" * 200), source="b")
        for number in range(count)
    ]


def events_of_twenty_items(count: int) -> list[Event]:
    """All answers of a batch of 20, again and again: about 3 kB of JSON."""
    answers = next(fact for fact in facts() if isinstance(fact, ResponsesRecorded) and len(fact.items) == 20)
    return [new_event(PROJECT, replaced(answers, number=number), source="b") for number in range(count)]


async def append_rate(url: str, events: list[Event], size: int) -> float:
    """Events a second, `size` in an append."""
    await create_log(url)
    log = open_log(url)
    await log.append(new_event(PROJECT, ProjectPaused(request="first", who="ada", why=""), source="b"))
    started = time.perf_counter()
    for first in range(0, len(events), size):
        await log.append(*events[first : first + size])
    seconds = time.perf_counter() - started
    await log.close()
    return len(events) / seconds


async def read_rate(url: str, decode: bool) -> float:
    """Events read a second from the beginning; `decode`: their data too."""
    log = open_log(url)
    count = 0
    started = time.perf_counter()
    async for record in log.read():
        assert record.event is not None
        if decode:
            assert record.event.payload
        count += 1
    seconds = time.perf_counter() - started
    await log.close()
    return count / seconds


async def raw_rate(url: str) -> float:
    """Events a second as bytes, envelopes not looked at, as the log's own reader has them."""
    count = 0
    started = time.perf_counter()
    if url.startswith(KAFKA):
        settings = read_settings(url)
        ends = EndOffsets(settings)
        last_offsets = await ends.of(settings.topic, range(settings.partitions))
        async for page in read(settings, settings.topic, last_offsets):
            count += len(page)
        await ends.close()
    else:
        log = SqliteLog(Path(url.removeprefix(SQLITE)))
        offset = 0
        while rows := log.rows(offset):
            count += len(rows)
            offset = rows[-1][0]
        await log.close()
    return count / (time.perf_counter() - started)


def loads_rate(events: list[Event]) -> float:
    """The peer of decoding: events a second whose data `json.loads` makes into dictionaries."""
    started = time.perf_counter()
    for event in events:
        json.loads(event.data)
    return len(events) / (time.perf_counter() - started)


async def owner_append_rate(url: str, count: int) -> float:
    """Events a second that an owner appends one by one: a fenced transaction each."""
    await create_log(url)
    log = open_log(url)
    await log.append(*small_events(1))
    events = [
        new_event(PROJECT, ProjectPaused(request=f"o{number}", who="ada", why=""), source="b")
        for number in range(count)
    ]
    async with log.own("appender") as ownership:
        async for change in ownership:
            if isinstance(change, Arrived) and change.records and change.caught_up:
                break
        started = time.perf_counter()
        for event in events:
            await ownership.append(event)
        seconds = time.perf_counter() - started
    await log.close()
    return count / seconds


async def latencies(url: str, count: int) -> list[float]:
    """Seconds from the call of `append` here to an event's arrival at an owner in another process."""
    await create_log(url)
    log = open_log(url)
    appended: list[float] = []
    with owner(url) as (_, arrivals):
        events = small_events(count + 1)
        await log.append(events.pop())
        await asyncio.to_thread(arrivals.recv)
        for event in events:
            await asyncio.sleep(random.uniform(0.0, 0.2))
            appended.append(time.monotonic())
            await log.append(event)
        arrived = [await asyncio.to_thread(arrivals.recv) for _ in range(count)]
    await log.close()
    return [there - sent for sent, there in zip(appended, arrived, strict=True)]


def idle_share(url: str, seconds: float) -> float:
    """The share of one core that an owner uses while nothing happens."""
    with owner(url) as (process, _):
        time.sleep(1.0)
        before = process.cpu_times()
        time.sleep(seconds)
        after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds


@contextmanager
def owner(url: str) -> Iterator[tuple[psutil.Process, Connection]]:
    """A process that owns a service, caught up; it sends the time at which each later event arrived."""
    arrivals, sender = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_own, args=(url, sender))
    process.start()
    arrivals.recv()
    try:
        yield psutil.Process(process.pid), arrivals
    finally:
        process.kill()
        process.join()


def _own(url: str, sender: Connection) -> None:
    asyncio.run(_watch(url, sender))


async def _watch(url: str, sender: Connection) -> None:
    behind: set[int] = set()
    caught_up = False
    async with open_log(url).own("benchmark") as ownership:
        async for change in ownership:
            if not isinstance(change, Arrived):
                continue
            now = time.monotonic()
            for _ in change.records if caught_up else ():
                sender.send(now)
            behind = {*behind, change.partition} if change.caught_up else behind
            if not caught_up and len(behind) == len(ownership.lag() or behind):
                caught_up = True
                sender.send(now)


async def measure(prefix: str, suffix: str, sizes: Sizes) -> dict[str, str]:
    """The figures of one log; `prefix` and `suffix` make a URL of a log that is not there yet."""
    names = (f"{prefix}{secrets.token_hex(4)}{suffix}" for _ in itertools.count())
    single = await append_rate(next(names), small_events(sizes.single), 1)
    twenty = await append_rate(next(names), small_events(sizes.batched // 5), 20)
    large = next(names)
    batched = await append_rate(large, small_events(sizes.replayed), BATCH)
    raw = await raw_rate(large)
    envelopes = await read_rate(large, decode=False)
    items = next(names)
    twenty_items = events_of_twenty_items(sizes.decoded)
    loaded = loads_rate(twenty_items)
    await append_rate(items, twenty_items, BATCH)
    raw_items = await raw_rate(items)
    decoded = await read_rate(items, decode=True)
    owned = await owner_append_rate(next(names), sizes.single // 10)
    hop = next(names)
    seconds = await latencies(hop, sizes.hops)
    cuts = quantiles(seconds, n=100)
    idle = idle_share(hop, sizes.idle_seconds)
    return {
        "append, 1 event at a time": f"{single:,.0f} events/s",
        "append as an owner, 1 event at a time": f"{owned:,.0f} events/s",
        "append, 20 events at a time": f"{twenty:,.0f} events/s",
        "append, 1000 events at a time": f"{batched:,.0f} events/s",
        f"replay {sizes.replayed:,} small events, raw": f"{raw:,.0f} events/s",
        f"replay {sizes.replayed:,} small events, envelopes": f"{envelopes:,.0f} events/s",
        f"replay {sizes.decoded:,} events of 20 items, raw": f"{raw_items:,.0f} events/s",
        f"replay {sizes.decoded:,} events of 20 items, decoded": f"{decoded:,.0f} events/s",
        "json.loads of the same data, no log": f"{loaded:,.0f} events/s",
        "append here, seen in another process, p50": f"{cuts[49] * 1000:.0f} ms",
        "append here, seen in another process, p99": f"{cuts[98] * 1000:.0f} ms",
        "CPU of an idle owner": f"{idle:.2%} of a core",
    }


async def measure_both(folder: Path, sizes: Sizes) -> str:
    sqlite = await measure(f"sqlite:///{folder}/", ".sqlite", sizes)
    with a_kafka(folder / "kafka") as servers:
        kafka = await measure(f"kafka://{servers}/", "", sizes)
    return comparison("Both logs", {"SQLite": sqlite, "Kafka, one broker": kafka})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.log", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller, for a first look; keeps no result")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        text = asyncio.run(measure_both(Path(folder), QUICK if quick else FULL))
    print(text) if quick else publish("log", text)


if __name__ == "__main__":
    main()
