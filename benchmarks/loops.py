"""A simulated loop, round by round, whoever learns: the loop's order of work on labels that are known."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.curves import Step, Steps
from labelloop.learner.requests import Examples
from labelloop.pool.bundled import bundled
from labelloop.pool.label_cells import names_of
from labelloop.pool.prepare import clean_pool, clean_test
from labelloop.pool.snapshot import write
from labelloop.pool.sources import load


@dataclass(frozen=True)
class Task:
    """What every run shares."""

    folder: Path
    cache: Path
    pool: Path
    test: Path
    gold: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    classifier: str
    model: str
    batches: int
    batch_size: int
    threads: int
    multi_label: bool = False

    def examples(self, items: Sequence[int]) -> Examples:
        """Items with their gold labels."""
        return tuple((item, self.gold[item]) for item in items)


@dataclass(frozen=True)
class Round:
    """Learn these items, then pick a batch of none that are taken. No batch: there is nothing to pick."""

    model: int
    learned: tuple[int, ...]
    taken: tuple[int, ...]
    batch: int | None


@dataclass(frozen=True)
class Outcome:
    """What the model of a round scored on the test set, and what it picked."""

    accuracy: float
    macro_f1: float
    train_seconds: float
    query_seconds: float
    picks: tuple[int, ...]
    micro_f1: float | None = None


class Learner(Protocol):
    """Who learns and picks in one run."""

    start: int
    """With how many batches a run begins."""

    async def first(self) -> tuple[int, ...]:
        """The items of those batches."""

    async def take(self, round: Round) -> Outcome:
        """One round."""

    def close(self) -> None:
        """The run is over."""


class Run:
    """One simulated loop."""

    def __init__(
        self, task: Task, learner: Learner, steps: Steps, arm: str, seed: int, lookahead: int
    ) -> None:
        self._task, self._learner, self._steps = task, learner, steps
        self.arm, self.seed, self.lookahead = arm, seed, lookahead

    async def finish(self) -> None:
        """Take all steps that are left."""
        try:
            await self._finish()
        finally:
            self._learner.close()

    async def _finish(self) -> None:
        steps = self._whole()
        if len(steps) >= self._task.batches:
            return
        start = steps[0].start if steps else await self._learner.first()
        asked_items = [*start, *(item for step in steps for item in step.picks)]
        for model in range(len(steps), self._task.batches):
            learned = asked_items[: (model + 1) * self._task.batch_size]
            outcome = await self._learner.take(
                Round(model, tuple(learned), tuple(asked_items), self._batch_after(model))
            )
            asked_items += outcome.picks
            step = Step(
                arm=self.arm,
                seed=self.seed,
                lookahead=self.lookahead,
                model=model,
                labels=len(learned),
                accuracy=outcome.accuracy,
                macro_f1=outcome.macro_f1,
                train_seconds=outcome.train_seconds,
                query_seconds=outcome.query_seconds,
                picks=outcome.picks,
                start=start if model == 0 else (),
                micro_f1=outcome.micro_f1,
            )
            self._steps.add(step)
            print(
                f"{step.arm}, seed {step.seed}, lookahead {step.lookahead}: {step.labels} labels, "
                f"accuracy {step.accuracy:.3f}, macro-F1 {step.macro_f1:.3f}, "
                f"training {step.train_seconds:.1f} s, picking {step.query_seconds:.1f} s",
                flush=True,
            )

    def _batch_after(self, model: int) -> int | None:
        batch = model + 1 + self.lookahead
        return batch if self._learner.start <= batch < self._task.batches else None

    def _whole(self) -> list[Step]:
        """The steps on file, up to one that was the last of a shorter run and so picked nothing."""
        steps = self._steps.of(self.arm, self.seed, self.lookahead)
        for place, step in enumerate(steps):
            if self._batch_after(step.model) is not None and not step.picks:
                return steps[:place]
        return steps


def prepare(options: argparse.Namespace, folder: Path) -> Task:
    """Clean the data as the loop does and write its snapshots."""
    if options.data is None:
        texts, tests = bundled(options.name).pool, bundled(options.name).test
    else:
        texts, tests = options.data / "train.jsonl", options.data / "test.jsonl"
    pool = clean_pool(load(str(texts)))
    test = clean_test(load(str(tests)), pool.labels, pool.rows)
    cache = options.cache or folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    return Task(
        folder=folder,
        cache=cache.resolve(),
        pool=folder / write(folder, pool.rows).name,
        test=folder / write(folder, test.rows).name,
        gold=tuple(() if row.gold is None else names_of(row.gold) for row in pool.rows),
        labels=tuple(pool.labels),
        classifier=options.classifier,
        model=options.model,
        batches=options.batches,
        batch_size=options.batch_size,
        threads=options.threads,
        multi_label=options.multi_label,
    )
