"""The learning curve on TREC: `python -m benchmarks.trec --data DIR`.

Simulates the loop's order of work with the learner's own training, picking and measuring. Stop it at any
time: started again, it goes on from the steps on file.
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.curves import Step, Steps
from benchmarks.report import RESULTS, machine
from labelloop.learner.base import BUNDLED
from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    Examples,
    Ping,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.loop.draws import derived, random_draw
from labelloop.pool.prepare import clean_pool, clean_test
from labelloop.pool.snapshot import Row, write
from labelloop.pool.sources import load
from labelloop.store.artifacts import prune


@dataclass(frozen=True)
class Task:
    """What every run shares."""

    folder: Path
    rows: list[Row]
    pool: Path
    test: Path
    labels: tuple[str, ...]
    classifier: ClassifierSpec
    batches: int
    batch_size: int
    threads: int

    def examples(self, items: list[int]) -> Examples:
        """Items with their gold labels."""
        return tuple((item, (str(self.rows[item].gold),)) for item in items)


class Run:
    """One simulated loop."""

    def __init__(self, task: Task, worker: Worker, steps: Steps, seed: int, lookahead: int) -> None:
        self._task, self._worker, self._steps = task, worker, steps
        self._seed, self._lookahead = seed, lookahead
        self._models = task.folder / f"models-{seed}-{lookahead}"
        first = random_draw(seed, len(task.rows), (), (lookahead + 1) * task.batch_size)
        done = steps.of(seed, lookahead)
        self._asked = [*first, *(item for step in done for item in step.picks)]
        self._next = len(done)

    async def finish(self) -> None:
        """Take all steps that are left."""
        for model in range(self._next, self._task.batches):
            step = await self._step(model)
            self._steps.add(step)
            print(
                f"seed {step.seed} lookahead {step.lookahead}: {step.labels} labels, "
                f"accuracy {step.accuracy:.3f}, training {step.train_seconds:.0f} s, "
                f"picking {step.query_seconds:.0f} s",
                flush=True,
            )

    async def _step(self, model: int) -> Step:
        learned = self._asked[: (model + 1) * self._task.batch_size]
        trained = await self._train(model, learned)
        figures = await self._worker.run(
            EvaluateRequest(
                self._task.test,
                self._task.classifier,
                self._task.labels,
                trained.folder,
                trained.sha256,
                self._task.threads,
                self._task.folder / "cache",
            )
        )
        picks, seconds = await self._pick(model, trained, learned)
        self._asked += picks
        prune(self._models, needed=[trained.folder], superseded=list(self._models.glob("*/*")))
        return Step(
            self._seed,
            self._lookahead,
            model,
            len(learned),
            figures.accuracy,
            figures.macro_f1,
            trained.seconds,
            seconds,
            picks,
        )

    async def _train(self, model: int, learned: list[int]) -> TrainResult:
        return await self._worker.run(
            TrainRequest(
                pool=self._task.pool,
                classifier=self._task.classifier,
                labels=self._task.labels,
                examples=self._task.examples(learned),
                ignored=(),
                seed=derived(self._seed, "train", str(model)),
                threads=self._task.threads,
                into=self._models / str(model),
                cache=self._task.folder / "cache",
            )
        )

    async def _pick(
        self, model: int, trained: TrainResult, learned: list[int]
    ) -> tuple[tuple[int, ...], float]:
        batch = model + 1 + self._lookahead
        if batch >= self._task.batches:
            return (), 0.0
        result = await self._worker.run(
            QueryRequest(
                pool=self._task.pool,
                classifier=self._task.classifier,
                labels=self._task.labels,
                model_folder=trained.folder,
                model_sha256=trained.sha256,
                strategy="breaking-ties",
                strategy_parameters={},
                taken=tuple(self._asked),
                labelled=self._task.examples(learned),
                ignored=(),
                n=self._task.batch_size,
                seed=derived(self._seed, "query", str(batch)),
                threads=self._task.threads,
                cache=self._task.folder / "cache",
            )
        )
        return tuple(pick.item for pick in result.picks), result.seconds


async def measure(options: argparse.Namespace) -> None:
    """Run every seed with every lookahead, `--parallel` at a time, and keep the table."""
    steps = Steps(options.out.with_suffix(".jsonl"))
    worker = Worker(options.threads)
    versions = await worker.run(Ping())
    slots = asyncio.Semaphore(options.parallel)

    with tempfile.TemporaryDirectory() as folder:
        task = prepare(options, Path(folder))

        async def finish(run: Run) -> None:
            async with slots:
                await run.finish()

        await asyncio.gather(
            *(
                finish(Run(task, worker, steps, seed, lookahead))
                for lookahead in options.lookahead
                for seed in options.seeds
            )
        )
        title = (
            f"# TREC, {options.classifier} on {options.model}, breaking ties: accuracy over "
            f"{options.batches} batches of {options.batch_size}"
        )
    noted = ", ".join(f"{package} {version}" for package, version in versions.items())
    page = (
        f"{title}\n\n{datetime.now(UTC):%Y-%m-%d}, {machine()}, {options.threads} threads a task; {noted}\n\n"
        f"{steps.table()}\n"
    )
    print(page)
    options.out.with_suffix(".md").write_text(page, encoding="utf-8")


def prepare(options: argparse.Namespace, folder: Path) -> Task:
    """Clean the data as the loop does and write its snapshots."""
    pool = clean_pool(load(str(options.data / "train.jsonl")))
    test = clean_test(load(str(options.data / "test.jsonl")), pool.labels, pool.rows)
    return Task(
        folder=folder,
        rows=pool.rows,
        pool=folder / write(folder, pool.rows).name,
        test=folder / write(folder, test.rows).name,
        labels=tuple(pool.labels),
        classifier=ClassifierSpec(options.classifier, {}, options.model, None),
        batches=options.batches,
        batch_size=options.batch_size,
        threads=options.threads,
    )


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with train.jsonl and test.jsonl")
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3])
    parser.add_argument("--lookahead", type=numbers, default=[0, 1])
    parser.add_argument("--batches", type=int, default=13)
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--classifier", default="transformer")
    parser.add_argument("--model", default=BUNDLED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=2, help="runs at a time")
    parser.add_argument("--out", type=Path, default=RESULTS / "trec", help="a path without its suffix")
    asyncio.run(measure(parser.parse_args()))


def numbers(text: str) -> list[int]:
    """`1,2,3` as numbers."""
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
