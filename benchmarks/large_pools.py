"""What a large pool costs: `python -m benchmarks.large_pools`.

For pools of several sizes: the first texts, trainings and picks of a new project with the default settings,
each in a child as the services do it. Texts are two bundled questions in a row, the label is the first one's.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import fmean

import psutil
from matplotlib import pyplot

from benchmarks.arms import DEFAULT
from benchmarks.memory import Memory
from benchmarks.plots import PLAIN
from benchmarks.report import RESULTS, machine, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import (
    ClassifierSpec,
    EmbedRequest,
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

NAME = "large-pools"
BATCH, START = 20, 40
SIZES = (10_000, 100_000, 1_000_000)


def rows(count: int) -> Iterator[Row]:
    """So many different texts."""
    questions = [(row.text, str(row.gold)) for row in clean_pool(load(str(bundled("questions").pool))).rows]
    pairs = Random(0).sample(range(len(questions) ** 2), count)
    for number, pair in enumerate(pairs):
        (first, label), (second, _) = questions[pair // len(questions)], questions[pair % len(questions)]
        yield Row(f"{first} {second}", label, number)


@dataclass(frozen=True)
class Figures:
    """What one size came to: seconds and bytes of each step, and texts a second that were embedded ahead."""

    size: int
    seconds: dict[str, float]
    memory: dict[str, int]
    embedded_a_second: float
    machine: str


class Project:
    """A new project on a pool of some size."""

    def __init__(self, folder: Path, size: int, worker: Worker, threads: int) -> None:
        self._size = size
        pool = list(rows(size))
        self._gold = [str(row.gold) for row in pool]
        self._labels = tuple(sorted(set(self._gold)))
        self._pool = folder / write(folder, pool).name
        self._folder, self._worker, self._threads = folder, worker, threads
        self._spec = ClassifierSpec("transformer", CLASSIFIERS.get("transformer").recipe, BUNDLED, None)
        self._asked_items: list[int] = []

    async def figures(self, memory: Memory) -> Figures:
        """Measure each step. From the first texts on, others are embedded ahead, as the querier does it."""
        seconds: dict[str, float] = {}
        most: dict[str, int] = {}

        async def taken(what: str, step: Awaitable[None]) -> None:
            memory.taken()
            began = time.perf_counter()
            await step
            seconds[what] = time.perf_counter() - began
            most[what] = memory.taken()

        await taken("first texts", self._start())
        embedding = asyncio.create_task(self._embed_on())
        for number in (2, 3, 4):
            await taken(f"training on {len(self._asked_items) - BATCH} labels", self._train())
            await taken(f"pick of batch {number}", self._pick(number))
        embedding.cancel()
        with suppress(asyncio.CancelledError):
            await embedding
        return Figures(self._size, seconds, most, await self._pace(), machine())

    async def _embed_on(self) -> None:
        while await self._embed(60) < self._size:
            pass

    async def _embed(self, seconds: float) -> int:
        request = EmbedRequest(
            pool=self._pool,
            classifier=self._spec,
            texts=self._size,
            seconds=seconds,
            threads=self._threads,
            cache=self._folder / "cache",
            order_seed=1,
        )
        return await self._worker.run(request)

    async def _pace(self) -> float:
        """Texts a second that are embedded while nothing else runs; 0 if there are none left."""
        before, began = await self._embed(0), time.perf_counter()
        after = await self._embed(30)
        return (after - before) / (time.perf_counter() - began)

    async def _start(self) -> None:
        request = FirstTextsRequest(
            self._pool, self._spec, (), START, START, 1, self._threads, self._folder / "cache"
        )
        self._asked_items += (await self._worker.run(request)).items

    def _examples(self) -> Examples:
        return tuple((item, (self._gold[item],)) for item in self._asked_items[:-BATCH])

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
            taken=tuple(self._asked_items),
            labelled=self._examples(),
            ignored=(),
            n=BATCH,
            seed=number,
            threads=self._threads,
            cache=self._folder / "cache",
            number=number,
            order_seed=1,
        )
        self._asked_items += [pick.item for pick in (await self._worker.run(request)).picks]


async def measure(size: int, threads: int) -> Figures:
    """The figures of a pool of this size."""
    worker, memory = Worker(threads), Memory(psutil.Process(), itself=False)
    await worker.warm()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return await Project(Path(folder), size, worker, threads).figures(memory)
    finally:
        worker.close()


def page(figures: Sequence[Figures]) -> str:
    """The figures as a page in Markdown, a column for each size."""
    lines = [
        "# Large pools: seconds, and the most memory of all tasks (mapped files apart)",
        "",
        "`python -m benchmarks.large_pools`: a new project with the default settings. Beside trainings and",
        "picks the texts that later picks will look at are embedded ahead, as the querier does it.",
        "",
        f"| what | {' | '.join(f'{each.size:,} texts' for each in figures)} |",
        f"|---{'|---' * len(figures)}|",
    ]
    for what in figures[0].seconds:
        cells = [f"{each.seconds[what]:.1f} s, {each.memory[what] / 1e6:,.0f} MB" for each in figures]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    lines.append(f"| embedded ahead, alone | {' | '.join(map(_pace, figures))} |")
    machines = [f"- {each.size:,} texts: {each.machine}" for each in figures]
    return "\n".join([*lines, "", *machines, "", f"![seconds by size]({NAME}.svg)"]) + "\n"


def _pace(figures: Figures) -> str:
    if not figures.embedded_a_second:
        return "all were embedded by then"
    minutes = figures.size / figures.embedded_a_second / 60
    return f"{figures.embedded_a_second:.0f} texts a second (all in {minutes:.0f} minutes at this pace)"


def draw(path: Path, figures: Sequence[Figures]) -> None:
    """Draw the seconds of first texts, trainings and picks over the size."""
    with pyplot.rc_context(PLAIN):
        figure, axis = pyplot.subplots(figsize=(6, 4), layout="constrained")
        sizes = [each.size for each in figures]
        for what in ("first texts", "training", "pick"):
            steps = [[s for name, s in each.seconds.items() if name.startswith(what)] for each in figures]
            axis.plot(sizes, [fmean(each) for each in steps], marker="o", label=what)
        axis.set(xscale="log", xlabel="texts in the pool", ylabel="seconds (mean)", ylim=(0, None))
        axis.legend()
        axis.grid(alpha=0.3)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def main() -> None:
    """Measure the sizes that are asked for, and write page and plot of all that are on file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    path = RESULTS / f"{NAME}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    on_file = {figures.size: figures for figures in (Figures(**json.loads(line)) for line in lines)}
    for size in options.sizes:
        on_file[size] = asyncio.run(measure(size, options.threads))
        measurements = [on_file[each] for each in sorted(on_file)]
        path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in measurements), encoding="utf-8")
        draw(path.with_suffix(".svg"), measurements)
        publish(NAME, page(measurements))


if __name__ == "__main__":
    main()
