"""How long it takes to rebuild a project of many batches from its log, and how that grows.

`python -m benchmarks.replay`: 1,000 and 10,000 batches of 20 labels on a log in SQLite, in seconds of a
processor; of the two ways to the state the best of three.
"""

import argparse
import asyncio
import itertools
import multiprocessing as mp
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from benchmarks.report import comparison, publish
from labelloop.log import create_log, open_log
from labelloop.log.calm_collector import collecting_seldom
from labelloop.loop.digest import LearnedDigests, loop_digest
from labelloop.loop.fold import advance
from labelloop.loop.history import History
from labelloop.loop.names import compact
from labelloop.loop.proof import Proof
from labelloop.loop.random_draws import derived
from labelloop.loop.schedule import next_batch, next_model
from labelloop.loop.state import LoopState, NotCreated, ProjectState
from labelloop.projects.catalog import created
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.model import replaced
from schemas.parts import AnnotatedItem, BaseModelChoice, Choice, ItemVotes, QueriedItem, Snapshot, Vote

PROJECT = "benchmark"
LABELS = ("ham", "spam")
BATCH = 20
RECORDED = 96
TIMES = 3

Result = TypeVar("Result")


def facts(recorded: int = RECORDED) -> Iterator[e.EventData]:
    """A loop without an end; for each batch of 20, so many events tell the answers so far, four the rest."""
    yield e.ProjectCreated(
        name=PROJECT,
        labels=LABELS,
        pool=Snapshot(uri="pools/1", digest="d", size=10**7),
        batch_size=BATCH,
        lookahead=0,
        classifier=Choice(name="linear"),
        strategy=Choice(name="breaking-ties"),
        model=BaseModelChoice(name="tiny"),
    )
    for number in itertools.count():
        yield from one_round(str(number), number * BATCH, recorded)


def one_round(name: str, start: int, recorded: int) -> Iterator[e.EventData]:
    items = range(start, start + BATCH)
    picks = tuple(
        QueriedItem(item=item, rank=rank, reason="uncertain", score=0.5, predicted=("ham",), probability=0.5)
        for rank, item in enumerate(items)
    )
    yield e.BatchQueried(batch=name, items=picks, seed=0, pool_version="d", seconds=1.0)
    votes = {item: vote(item) for item in items}
    for number in range(recorded):
        items_done = items[: number * BATCH // recorded + 1]
        answers = tuple(ItemVotes(item=item, record="r", votes=(votes[item],)) for item in items_done)
        yield e.ResponsesRecorded(batch=name, number=number, items=answers)
    answered = (AnnotatedItem(item=item, votes=(vote,), labels=vote.labels) for item, vote in votes.items())
    yield e.BatchAnnotated(batch=name, revision=0, items=tuple(answered))
    yield e.ModelTrained(
        model=name,
        attempt=0,
        learned=compact({f"0-{name}": 0}),
        digest="d",
        labels=start + BATCH,
        artifact="models/m",
        sha256="s",
        seconds=1.0,
        device="cpu",
        threads=2,
        seed=1,
    )
    yield e.ServiceFailed(service="trainer", due=f"train model {name}", kind="x", error="x", attempt=1)


def vote(item: int) -> Vote:
    return Vote(
        username="ada", user="u", status="submitted", labels=(LABELS[random.Random(item).random() > 0.5],)
    )


@dataclass(frozen=True)
class Measured:
    """Seconds, bytes and counts of one size."""

    batches: int
    events: int
    log: int
    raw: float
    decoded: float
    due: float
    digest: float
    verified: float
    memory: int

    def figures(self) -> dict[str, str]:
        return {
            "batches, labels, events": f"{self.batches:,}, {self.batches * BATCH:,}, {self.events:,}",
            "size of the log": f"{self.log / 1e6:.0f} MB",
            "from the raw log to the state": f"{self.raw:.2f} s",
            "the same, events a second": f"{self.events / self.raw:,.0f}",
            "from decoded events to the state": f"{self.decoded:.2f} s",
            "memory of the state": f"{self.memory / 2**20:.0f} MiB",
            "what is due then": f"{self.due * 1000:.0f} ms",
            "the digest of the state": f"{self.digest:.2f} s",
            "the proof that the log is whole": f"{self.verified:.2f} s",
        }


async def fill(log: Path, batches: int) -> None:
    """A log of that many batches, each of which is done and learned."""
    await create_log(f"sqlite:///{log}")
    opened = open_log(f"sqlite:///{log}")
    events_left = whole(itertools.islice(facts(recorded=0), 1 + batches * 4))
    while events := list(itertools.islice(events_left, 1000)):
        await opened.append(*events)
    await opened.close()


def whole(payloads: Iterator[e.EventData], project: str = PROJECT) -> Iterator[Event]:
    """The events as services would write them: with their causes, seeds, and digests of what was learned."""
    state: ProjectState = NotCreated(project)
    digests = LearnedDigests()
    cause: str | None = None
    for data in payloads:
        if isinstance(data, e.ModelTrained):
            assert isinstance(state, LoopState)
            digest, _ = digests.of(state, data.learned)
            data = replaced(data, digest=digest, seed=derived(0, "train", data.model))
        elif isinstance(data, e.BatchQueried) and data.batch != "0":
            model = str(int(data.batch) - 1)
            data = replaced(data, model=model, attempt=0, seed=derived(0, "query", data.batch))
        failed = isinstance(data, e.ServiceFailed)
        event = new_event(project, data, source="benchmark", cause=None if failed else cause)
        state = advance(state, event)
        if not failed:
            cause = event.id
        yield event


async def replayed(log: Path, kind: type[History] = History) -> History:
    opened, history = open_log(f"sqlite:///{log}"), kind(PROJECT)
    async for record in opened.read(PROJECT):
        assert record.event is not None
        history.add(record.event, record.position)
    await opened.close()
    assert history.halt is None, history.halt
    return history


def folded(events: list[Event]) -> History:
    history = History(PROJECT)
    with collecting_seldom():  # As everyone has it who reads a log.
        for event in events:
            history.add(event)
    return history


async def decoded(log: Path) -> list[Event]:
    opened = open_log(f"sqlite:///{log}")
    records = [record.event async for record in opened.read(PROJECT) if record.event and record.event.payload]
    await opened.close()
    return records


def measure(log: Path) -> Measured:
    process = psutil.Process()
    before = process.memory_info().rss
    raw, history = timed(lambda: asyncio.run(replayed(log)))
    memory = process.memory_info().rss - before
    raw = min(raw, *(timed(lambda: asyncio.run(replayed(log)))[0] for _ in range(TIMES - 1)))
    due, _ = timed(lambda: (next_batch(created(history)), next_model(created(history))))
    digest, _ = timed(lambda: loop_digest(history.state))
    events = asyncio.run(decoded(log))
    fold, again = min((timed(lambda: folded(events)) for _ in range(TIMES)), key=lambda pair: pair[0])
    assert again.state == history.state
    verified, _ = timed(lambda: asyncio.run(replayed(log, Proof)))
    state, size = created(history), log.stat().st_size
    return Measured(len(state.batches), state.length, size, raw, fold, due, digest, verified, memory)


def timed(do: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of a processor, and what was found."""
    began = time.process_time()
    result = do()
    return time.process_time() - began, result


def measured(folder: Path, batches: int) -> Measured:
    """In a process of its own, so that memory is the state's alone."""
    log = folder / f"{batches}.sqlite"
    asyncio.run(fill(log, batches))
    with ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
        return pool.submit(measure, log).result()


def growth(small: Measured, large: Measured) -> dict[str, str]:
    """How many times as much the large one takes."""
    names = dict(
        zip(
            small.figures(),
            ("batches", "log", "raw", "", "decoded", "memory", "due", "digest", "verified"),
            strict=True,
        )
    )
    return {
        what: f"× {getattr(large, name) / getattr(small, name):.1f}" if name else ""
        for what, name in names.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("--batches", type=int, nargs=2, default=(1000, 10_000))
    with tempfile.TemporaryDirectory() as name:
        small, large = (measured(Path(name), batches) for batches in parser.parse_args().batches)
    columns = {f"{size.batches:,} batches": size.figures() for size in (small, large)}
    publish("replay", comparison("A project from its log", {**columns, "growth": growth(small, large)}))


if __name__ == "__main__":
    main()
