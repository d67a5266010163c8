"""How long a service takes to start behind a long history, on both logs: `python -m benchmarks.restore`.

From the start of its process until it owns its projects and has folded all of their 100,000 events; with
nothing saved, and with the cache of the fold that the start before has left.
"""

import argparse
import asyncio
import multiprocessing as mp
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import rmtree

import psutil

from benchmarks.brokers import a_kafka
from benchmarks.replay import PROJECT, facts
from benchmarks.report import comparison, publish
from labelloop.log import create_log, open_log
from labelloop.loop.state import LoopState
from labelloop.observe.service_status import ServiceStatus
from labelloop.runtime.controller import Controller, Outcome, Polled
from labelloop.runtime.service import ServiceRunner
from labelloop.runtime.state_cache import StateCache
from schemas.envelope import new_event

SPAWN = mp.get_context("spawn")
STARTS = 3


@dataclass(frozen=True)
class Started:
    """How long a start took, in seconds, its processor's time, and the process's memory then in bytes."""

    seconds: float
    cpu: float
    memory: int


class Idle(Controller[str]):
    """Is `ready` when it was asked what is due in each project: so many events are folded then."""

    name = "idle"

    def __init__(self, count: int) -> None:
        self.ready = asyncio.Event()
        self._count = count
        self._lengths: dict[str, int] = {}

    def due(self, state: LoopState) -> str | None:
        self._lengths[state.project_id] = state.length
        if sum(self._lengths.values()) == self._count:
            self.ready.set()
        return None

    def describe(self, work: str) -> str:
        return work

    async def do(self, state: LoopState, work: str) -> list[Outcome]:
        return []

    async def poll(self, state: LoopState) -> Polled:
        return Polled()


async def fill(url: str, count: int) -> None:
    await create_log(url)
    log = open_log(url)
    events = [new_event(PROJECT, data, source="benchmark") for data in islice(facts(), count)]
    for first in range(0, count, 1000):
        await log.append(*events[first : first + 1000])
    await log.close()


def start(url: str, cache: Path, count: int) -> Started:
    """From the start of a process until it has decided in each project; it has saved what it folded."""
    receiver, sender = SPAWN.Pipe(duplex=False)
    began = time.monotonic()
    process = SPAWN.Process(target=_run, args=(url, cache, count, sender))
    process.start()
    ready, cpu, memory = receiver.recv()
    receiver.recv()
    process.terminate()
    process.join()
    return Started(ready - began, cpu, memory)


def _run(url: str, cache: Path, count: int, sender: Connection) -> None:
    asyncio.run(_serve(url, cache, count, sender))


async def _serve(url: str, cache: Path, count: int, sender: Connection) -> None:
    service, log = Idle(count), open_log(url)
    running = asyncio.create_task(
        ServiceRunner(log, service, ServiceStatus("idle"), StateCache(cache, url)).run()
    )
    await service.ready.wait()
    sender.send((time.monotonic(), time.process_time(), psutil.Process().memory_info().rss))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await log.close()
    sender.send(None)


def measure(url: str, cache: Path, count: int) -> dict[str, str]:
    asyncio.run(fill(url, count))
    cold, warm = [], []
    for _ in range(STARTS):
        rmtree(cache, ignore_errors=True)
        cold.append(start(url, cache, count).seconds)
        warm.append(start(url, cache, count).seconds)
    size = sum(path.stat().st_size for path in cache.rglob("*.json"))
    return {
        f"start behind {count:,} events, nothing saved": f"{min(cold):.1f} … {max(cold):.1f} s",
        f"start behind {count:,} events, fold saved": f"{min(warm):.1f} … {max(warm):.1f} s",
        "size of what is saved": f"{size / 1e6:.0f} MB",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restore", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sqlite = measure(f"sqlite:///{folder}/log.sqlite", folder / "cache", count)
        with a_kafka(folder / "kafka") as servers:
            kafka = measure(f"kafka://{servers}/restore", folder / "cache", count)
    publish("restore", comparison("A start behind a long history", {"SQLite": sqlite, "Kafka": kafka}))


if __name__ == "__main__":
    main()
