"""What 1,000 projects cost, and one project of 50,000 batches, each beside a tenth of it.

`python -m benchmarks.scale` fills a log in SQLite and one on a Kafka of its own with the same events, four a
batch of 20 labels, and tells how each cost grows. It takes about half an hour. Seconds are a processor's
unless they are said to be on the clock; what was measured twice is the better of both.
"""

import argparse
import asyncio
import multiprocessing as mp
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from operator import attrgetter
from pathlib import Path
from shutil import rmtree
from statistics import median
from typing import NamedTuple, TypeVar

import psutil

from benchmarks.replay import BATCH, facts, one_round, timed, whole
from benchmarks.report import comparison, publish
from benchmarks.restore import Started, start
from labelloop.config.service_settings import KEEP_MODELS
from labelloop.log import create_log, open_log
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.proof import Proof
from labelloop.loop.schedule import next_model
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from schemas.envelope import Event, new_event
from services.evaluator.due import next_work as next_of_evaluator
from services.querier.due import next_work as next_of_querier
from tests.support.kafka_broker import LIBS, Broker, needs_java

TIMES = 2
PAGE = 1000
FOLLOWING = 20
OUTGROWN = 1.3
NOTES = f"""
Each batch has 20 labels and four events. Seconds and milliseconds are a processor's, but on the clock where
that is said. A start ends when the service has decided in each project; where nothing was saved, it has also
saved its fold. Three services were asked what is due: querier, trainer and evaluator, each of which asks for
itself after each event. Kafka {{kafka}}: one broker with a heap of at most 384 MB and 12 partitions, with
each event held once. In bold: what grew more than {OUTGROWN} times as much as the log.
"""

Kind = TypeVar("Kind", bound=History)
Figures = dict[str, float]

SHOWN = {
    "events": "{:,.0f}",
    "SQLite: log, MB": "{:,.1f}",
    "SQLite: from the log to the states, s": "{:.2f}",
    "memory of the states, MiB": "{:,.0f}",
    "due in one project, asked of three services, ms": "{:.2f}",
    "one event more in it, and what is due then, ms": "{:.2f}",
    "digests of all states, s": "{:.2f}",
    "proof of the whole log, s": "{:.2f}",
    "SQLite: start of a service, nothing saved, s": "{:.2f}",
    "SQLite: the same on the clock": "{:.1f}",
    "memory of that service, MiB": "{:,.0f}",
    "SQLite: start of a service, fold saved, s": "{:.2f}",
    "SQLite: the same on the clock, fold saved": "{:.1f}",
    "saved fold, MB": "{:,.1f}",
    "Kafka: log on the broker's disk, MB": "{:,.1f}",
    "Kafka: memory of the broker, MiB": "{:,.0f}",
    "Kafka: what the broker takes to write it, s": "{:.1f}",
    "Kafka: what it takes to send it once, s": "{:.2f}",
    "Kafka: start of a service, nothing saved, s": "{:.2f}",
    "Kafka: the same on the clock": "{:.1f}",
}


class Size(NamedTuple):
    """So many projects of so many batches."""

    projects: int
    batches: int

    @property
    def name(self) -> str:
        if self.projects == 1:
            return f"1 project, {self.batches:,} batches"
        return f"{self.projects:,} projects of {self.batches}"

    @property
    def events(self) -> int:
        return self.projects * (1 + 4 * self.batches)

    def pages(self) -> Iterator[list[Event]]:
        """All events, project by project."""
        events = (
            event
            for number in range(self.projects)
            for event in whole(islice(facts(recorded=0), 1 + 4 * self.batches), f"project-{number:04}")
        )
        while page := list(islice(events, PAGE)):
            yield page


SIZES = (Size(1, 5000), Size(1, 50_000)), (Size(100, 10), Size(1000, 10))


async def fill(size: Size, *urls: str) -> None:
    for url in urls:
        await create_log(url)
    logs = [open_log(url) for url in urls]
    for page in size.pages():
        for log in logs:
            await log.append(*page)
    for log in logs:
        await log.close()


async def histories(url: str, kind: type[Kind]) -> dict[str, Kind]:
    log, by_project = open_log(url), dict[str, Kind]()
    async for event in _events(log.read()):
        by_project.setdefault(event.project, kind(event.project)).add(event)
    await log.close()
    assert not any(history.halt for history in by_project.values())
    return by_project


async def _events(records: AsyncIterator[object]) -> AsyncIterator[Event]:
    async for record in records:
        event = getattr(record, "event", None)
        assert isinstance(event, Event)
        yield event


def due(state: LoopState) -> tuple[object, ...]:
    """What the services ask themselves after each event, each in a process of its own."""
    return next_of_querier(state), next_model(state), next_of_evaluator(state, KEEP_MODELS)


def following(history: History) -> float:
    """Seconds for one event more of an open batch, folded after the state was looked at, and what is due."""
    number = created(history).numbered
    payloads = islice(one_round(str(number), number * BATCH, FOLLOWING), 1 + FOLLOWING)

    def take(event: Event) -> None:
        assert history.add(event)
        due(created(history))

    events = [new_event(history.project, data, source="benchmark") for data in payloads]
    return median(timed(lambda event=event: take(event))[0] for event in events)  # type: ignore[misc]


def fold_figures(url: str) -> Figures:
    """Of the fold, in a process that does nothing else."""
    memory = psutil.Process().memory_info
    before = memory().rss
    raw, by_project = timed(lambda: asyncio.run(histories(url, History)))
    held = memory().rss - before
    states = [created(history) for history in by_project.values()]
    one = next(iter(by_project.values()))
    due_seconds = min(timed(lambda: due(states[0]))[0] for _ in range(TIMES))
    digest = min(timed(lambda: [loop_digest(state) for state in states])[0] for _ in range(TIMES))
    return {
        "SQLite: from the log to the states, s": raw,
        "memory of the states, MiB": held / 2**20,
        "due in one project, asked of three services, ms": due_seconds * 1e3,
        "digests of all states, s": digest,
        "one event more in it, and what is due then, ms": following(one) * 1e3,
    }


def proof_figures(url: str) -> Figures:
    return {"proof of the whole log, s": timed(lambda: asyncio.run(histories(url, Proof)))[0]}


def best_start(url: str, cache: Path, count: int, times: int = TIMES, keep: bool = False) -> Started:
    """Of several; `keep`: with the fold that is saved there."""
    starts = []
    for _ in range(times):
        if not keep:
            rmtree(cache, ignore_errors=True)
        starts.append(start(url, cache, count))
    return min(starts, key=attrgetter("cpu"))


def measured(folder: Path, size: Size) -> Figures:
    log, cache, broker = folder / "log.sqlite", folder / "cache", Broker(folder / "kafka")
    url = f"sqlite:///{log}"
    try:
        broker.start()
        process = broker.running()
        assert process is not None
        kafka, idle = f"kafka://{broker.servers}/scale", _used(process)
        asyncio.run(fill(size, url, kafka))
        written = _used(process)
        from_kafka = best_start(kafka, cache, size.events, times=1)
        sent = _used(process)
        figures = {
            "events": size.events,
            "SQLite: log, MB": log.stat().st_size / 1e6,
            "Kafka: log on the broker's disk, MB": _on_disk(folder / "kafka" / "data"),
            "Kafka: memory of the broker, MiB": process.memory_info().rss / 2**20,
            "Kafka: what the broker takes to write it, s": written - idle,
            "Kafka: what it takes to send it once, s": sent - written,
            "Kafka: start of a service, nothing saved, s": from_kafka.cpu,
            "Kafka: the same on the clock": from_kafka.seconds,
        }
    finally:
        broker.kill()
    cold = best_start(url, cache, size.events)
    warm = best_start(url, cache, size.events, keep=True)
    figures |= {
        "SQLite: start of a service, nothing saved, s": cold.cpu,
        "SQLite: the same on the clock": cold.seconds,
        "memory of that service, MiB": cold.memory / 2**20,
        "SQLite: start of a service, fold saved, s": warm.cpu,
        "SQLite: the same on the clock, fold saved": warm.seconds,
        "saved fold, MB": sum(path.stat().st_size for path in cache.rglob("*.json")) / 1e6,
    }
    for figures_of in (fold_figures, proof_figures):
        with ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
            figures |= pool.submit(figures_of, url).result()
    return figures


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _on_disk(data: Path) -> float:
    """Megabytes of the log's topics; the files of indexes are sparse."""
    files = (file for topic in data.glob("scale*") for file in topic.iterdir())
    return sum(file.stat().st_blocks * 512 for file in files) / 1e6


def kafka_version() -> str:
    (clients,) = LIBS.glob("kafka-clients-*.jar")
    return clients.stem.rpartition("-")[2]


def growth(small: Figures, large: Figures) -> dict[str, str]:
    """How many times as much the large one takes."""
    log = large["SQLite: log, MB"] / small["SQLite: log, MB"]
    shares = {name: large[name] / small[name] if small[name] else 0.0 for name in SHOWN}
    return {
        name: f"**× {share:.1f}**" if share > OUTGROWN * log else f"× {share:.1f}"
        for name, share in shares.items()
    }


def shown(figures: Figures) -> Mapping[str, str]:
    return {name: form.format(figures[name]) for name, form in SHOWN.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="a smaller share, for a first look")
    share = parser.parse_args().share
    needs_java()
    columns: dict[str, Mapping[str, str]] = {}
    for small, large in SIZES:
        pair = []
        for size in (small, large):
            size = Size(max(1, int(size.projects * share)), max(10, int(size.batches * share)))
            with tempfile.TemporaryDirectory() as name:
                pair.append(measured(Path(name), size))
            columns[size.name] = shown(pair[-1])
            print(comparison(size.name, {"figure": columns[size.name]}))
        columns[f"growth {len(columns) // 3 + 1}"] = growth(*pair)
    text = comparison("Many projects, and a long one", columns) + NOTES.format(kafka=kafka_version())
    print(text) if share < 1 else publish("scale", text)


if __name__ == "__main__":
    main()
