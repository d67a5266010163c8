"""What a large pool costs: `python -m benchmarks.large_pools`.

For pools of several sizes: the first texts, trainings and picks of a new project with the default settings,
each in a child as the services do it. Texts are two bundled questions in a row, the label is the first one's.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Awaitable, Iterator, Mapping
from pathlib import Path
from random import Random

import psutil

from benchmarks.arms import DEFAULT
from benchmarks.report import comparison, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import (
    ClassifierSpec,
    Examples,
    FirstTextsRequest,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import Row, write
from labelloop.pool.sources import load

BATCH, START = 20, 40
SIZES = (10_000, 100_000, 1_000_000)


def rows(count: int) -> Iterator[Row]:
    """So many different texts."""
    questions = [(row.text, str(row.gold)) for row in clean_pool(load(str(bundled("questions").pool))).rows]
    pairs = Random(0).sample(range(len(questions) ** 2), count)
    for number, pair in enumerate(pairs):
        (first, label), (second, _) = questions[pair // len(questions)], questions[pair % len(questions)]
        yield Row(f"{first} {second}", label, number)


class Memory:
    """The most bytes that a child of this process had since it was asked last, mapped files apart."""

    def __init__(self) -> None:
        self._most = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def taken(self) -> int:
        most, self._most = self._most, 0
        return most

    def _watch(self) -> None:
        while True:
            for child in psutil.Process().children(recursive=True):
                self._most = max(self._most, _private(child.pid))
            time.sleep(0.05)


def _private(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))


class Project:
    """A new project on a pool of some size."""

    def __init__(self, folder: Path, size: int, worker: Worker, threads: int) -> None:
        pool = list(rows(size))
        self._gold = [str(row.gold) for row in pool]
        self._labels = tuple(sorted(set(self._gold)))
        self._pool = folder / write(folder, pool).name
        self._folder, self._worker, self._threads = folder, worker, threads
        self._spec = ClassifierSpec("transformer", CLASSIFIERS.get("transformer").recipe, BUNDLED, None)
        self._asked: list[int] = []

    async def figures(self, memory: Memory) -> dict[str, str]:
        """Seconds and memory of each step."""
        told: dict[str, str] = {}

        async def taken(what: str, step: Awaitable[None]) -> None:
            memory.taken()
            began = time.perf_counter()
            await step
            told[what] = f"{time.perf_counter() - began:.1f} s, {memory.taken() / 1e6:,.0f} MB"

        await taken("first texts", self._start())
        for number in (2, 3, 4):
            await taken(f"training on {len(self._asked) - BATCH} labels", self._train())
            await taken(f"pick of batch {number}", self._pick(number))
        return told

    async def _start(self) -> None:
        request = FirstTextsRequest(
            self._pool, self._spec, (), START, START, 1, self._threads, self._folder / "cache"
        )
        self._asked += (await self._worker.run(request)).items

    def _examples(self) -> Examples:
        return tuple((item, (self._gold[item],)) for item in self._asked[:-BATCH])

    async def _train(self) -> None:
        self._model: TrainResult = await self._worker.run(
            TrainRequest(
                pool=self._pool,
                classifier=self._spec,
                labels=self._labels,
                examples=self._examples(),
                ignored=(),
                seed=1,
                threads=self._threads,
                into=self._folder / "models",
                cache=self._folder / "cache",
                order_seed=1,
            )
        )

    async def _pick(self, number: int) -> None:
        request = QueryRequest(
            pool=self._pool,
            classifier=self._spec,
            labels=self._labels,
            model_folder=self._model.folder,
            model_sha256=self._model.sha256,
            strategy=DEFAULT.name,
            strategy_parameters=DEFAULT.parameters,
            taken=tuple(self._asked),
            labelled=self._examples(),
            ignored=(),
            n=BATCH,
            seed=number,
            threads=self._threads,
            cache=self._folder / "cache",
            number=number,
            order_seed=1,
        )
        self._asked += [pick.item for pick in (await self._worker.run(request)).picks]


async def measure(sizes: list[int], threads: int) -> Mapping[str, Mapping[str, str]]:
    """The figures of each size."""
    worker, memory = Worker(threads), Memory()
    await worker.warm()
    columns = {}
    try:
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                columns[f"{size:,} texts"] = await Project(Path(folder), size, worker, threads).figures(
                    memory
                )
                print(size, columns[f"{size:,} texts"], flush=True)
    finally:
        worker.close()
    return columns


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    columns = asyncio.run(measure(options.sizes, options.threads))
    title = "Large pools: seconds, and the most private memory of the task (mapped files apart)"
    publish("large-pools", comparison(title, columns))


if __name__ == "__main__":
    main()
