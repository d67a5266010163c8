"""How many labels a model needs: `python -m benchmarks.labels --data DIR`, or `make bench`.

Simulates the loop's order of work with the learner's own first texts, training, picking and measuring, beside
random sampling. Stop it at any time: started again, it goes on from the steps on file.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks.curves import Step, Steps
from benchmarks.report import RESULTS, machine
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    Examples,
    FirstTextsRequest,
    Ping,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.loop.draws import derived, random_draw
from labelloop.loop.schedule import first_texts_of
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool, clean_test
from labelloop.pool.snapshot import Row, write
from labelloop.pool.sources import load
from labelloop.store.artifacts import prune

QUICK: Mapping[str, Any] = {"seeds": [1], "lookahead": [0], "batches": 4}


@dataclass(frozen=True)
class Arm:
    """A way to work: how the first texts are chosen, who picks, and what the classifier is told."""

    cold_start: str
    strategy: str
    has_recipe: bool = True


ARMS: Mapping[str, Arm] = {
    "default": Arm("typical", "breaking-ties"),
    "random": Arm("random", "random-sampling"),
    "random start": Arm("random", "breaking-ties"),
    "0.1.0": Arm("random", "breaking-ties", has_recipe=False),
}


@dataclass(frozen=True)
class Task:
    """What every run shares."""

    folder: Path
    rows: list[Row]
    pool: Path
    test: Path
    labels: tuple[str, ...]
    classifier: str
    model: str
    batches: int
    batch_size: int
    threads: int

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def examples(self, items: list[int]) -> Examples:
        """Items with their gold labels."""
        return tuple((item, (str(self.rows[item].gold),)) for item in items)

    def spec(self, arm: Arm) -> ClassifierSpec:
        recipe = CLASSIFIERS.get(self.classifier).recipe if arm.has_recipe else {}
        return ClassifierSpec(self.classifier, recipe, self.model, None)


class Run:
    """One simulated loop."""

    def __init__(self, task: Task, worker: Worker, steps: Steps, arm: str, seed: int, lookahead: int) -> None:
        self._task, self._worker, self._steps = task, worker, steps
        self._name, self._arm, self._seed, self._lookahead = arm, ARMS[arm], seed, lookahead
        self._spec = task.spec(self._arm)
        first = first_texts_of(self._arm.cold_start, len(task.labels), len(task.rows))
        self._start = max(lookahead + 1, ceil(first / task.batch_size))
        self._models = task.folder / f"models-{arm.replace(' ', '-')}-{seed}-{lookahead}"

    async def finish(self) -> None:
        """Take all steps that are left."""
        done = self._steps.of(self._name, self._seed, self._lookahead)
        start = done[0].start if done else await self._first_texts()
        asked = [*start, *(item for step in done for item in step.picks)]
        for model in range(len(done), self._task.batches):
            step = await self._step(model, asked, start)
            asked += step.picks
            self._steps.add(step)
            print(
                f"{step.arm}, seed {step.seed}, lookahead {step.lookahead}: {step.labels} labels, "
                f"accuracy {step.accuracy:.3f}, training {step.train_seconds:.0f} s, "
                f"picking {step.query_seconds:.0f} s",
                flush=True,
            )

    async def _first_texts(self) -> tuple[int, ...]:
        n = self._start * self._task.batch_size
        if self._arm.cold_start == "random":
            return tuple(random_draw(self._seed, len(self._task.rows), (), n))
        request = FirstTextsRequest(
            pool=self._task.pool,
            model=self._task.model,
            revision=None,
            taken=(),
            n=n,
            clusters=n,
            seed=self._seed,
            threads=self._task.threads,
            cache=self._task.cache,
        )
        return (await self._worker.run(request)).items

    async def _step(self, model: int, asked: list[int], start: tuple[int, ...]) -> Step:
        learned = asked[: (model + 1) * self._task.batch_size]
        trained = await self._train(model, learned)
        figures = await self._worker.run(
            EvaluateRequest(
                self._task.test,
                self._spec,
                self._task.labels,
                trained.folder,
                trained.sha256,
                self._task.threads,
                self._task.cache,
            )
        )
        picks, seconds = await self._pick(model, trained, learned, asked)
        prune(self._models, needed=[trained.folder], superseded=list(self._models.glob("*/*")))
        return Step(
            arm=self._name,
            seed=self._seed,
            lookahead=self._lookahead,
            model=model,
            labels=len(learned),
            accuracy=figures.accuracy,
            macro_f1=figures.macro_f1,
            train_seconds=trained.seconds,
            query_seconds=seconds,
            picks=picks,
            start=start if model == 0 else (),
        )

    async def _train(self, model: int, learned: list[int]) -> TrainResult:
        return await self._worker.run(
            TrainRequest(
                pool=self._task.pool,
                classifier=self._spec,
                labels=self._task.labels,
                examples=self._task.examples(learned),
                ignored=(),
                seed=derived(self._seed, "train", str(model)),
                threads=self._task.threads,
                into=self._models / str(model),
                cache=self._task.cache,
            )
        )

    async def _pick(
        self, model: int, trained: TrainResult, learned: list[int], asked: list[int]
    ) -> tuple[tuple[int, ...], float]:
        batch = model + 1 + self._lookahead
        if not self._start <= batch < self._task.batches:
            return (), 0.0
        result = await self._worker.run(
            QueryRequest(
                pool=self._task.pool,
                classifier=self._spec,
                labels=self._task.labels,
                model_folder=trained.folder,
                model_sha256=trained.sha256,
                strategy=self._arm.strategy,
                strategy_parameters={},
                taken=tuple(asked),
                labelled=self._task.examples(learned),
                ignored=(),
                n=self._task.batch_size,
                seed=derived(self._seed, "query", str(batch)),
                threads=self._task.threads,
                cache=self._task.cache,
            )
        )
        return tuple(pick.item for pick in result.picks), result.seconds


async def measure(options: argparse.Namespace) -> None:
    """Run every arm with every seed and lookahead, `--parallel` at a time, and keep the tables."""
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
                finish(Run(task, worker, steps, arm, seed, lookahead))
                for seed in options.seeds
                for lookahead in options.lookahead
                for arm in options.arms
            )
        )
    worker.close()
    page = "\n".join(
        [
            f"# {options.name}: accuracy by the number of labels",
            "",
            f"{options.classifier} on {options.model}; batches of {options.batch_size}. "
            f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, {options.threads} threads a task; "
            f"{', '.join(f'{package} {version}' for package, version in versions.items())}",
            "",
            "Mean over seeds ± standard deviation of the accuracy on the test set, and the mean of macro-F1.",
            "",
            steps.table(),
            "",
            *steps.saved("random"),
        ]
    )
    print(page)
    options.out.with_suffix(".md").write_text(f"{page}\n", encoding="utf-8")


def prepare(options: argparse.Namespace, folder: Path) -> Task:
    """Clean the data as the loop does and write its snapshots."""
    if options.data is None:
        texts, tests = bundled("questions").pool, bundled("questions").test
    else:
        texts, tests = options.data / "train.jsonl", options.data / "test.jsonl"
    pool = clean_pool(load(str(texts)))
    test = clean_test(load(str(tests)), pool.labels, pool.rows)
    return Task(
        folder=folder,
        rows=pool.rows,
        pool=folder / write(folder, pool.rows).name,
        test=folder / write(folder, test.rows).name,
        labels=tuple(pool.labels),
        classifier=options.classifier,
        model=options.model,
        batches=options.batches,
        batch_size=options.batch_size,
        threads=options.threads,
    )


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--data", type=Path, help="a folder with train.jsonl and test.jsonl (the bundled questions)"
    )
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=["default", "random"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--lookahead", type=int, nargs="+", default=[0])
    parser.add_argument("--batches", type=int, default=13)
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--classifier", default="transformer")
    parser.add_argument("--model", default=BUNDLED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=2, help="runs at a time")
    parser.add_argument("--quick", action="store_true", help="one seed, four batches")
    parser.add_argument("--out", type=Path, help="a path without its suffix (results/labels-NAME)")
    options = parser.parse_args()
    for name, value in QUICK.items() if options.quick else ():
        setattr(options, name, value)
    options.name = "questions" if options.data is None else options.data.resolve().name
    quick = "-quick" if options.quick else ""
    options.out = options.out or RESULTS / f"labels-{options.name}{quick}"
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
