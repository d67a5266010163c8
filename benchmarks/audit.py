"""How often the audit's interval covers a model's true accuracy: `python -m benchmarks.audit --data DIR`.

Simulates whole loops on TREC with the classifier `linear`: what the services decide, on real states of a
log. People answer by the gold labels, which tell each model's true accuracy on the pool, too.
"""

import argparse
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from small_text import BreakingTies, TextDataset  # type: ignore[import-untyped]

from benchmarks.report import comparison, publish
from labelloop.learner import labels, querying, runtime
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.base import Integers, LoopClassifier
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.requests import ClassifierSpec, Pick
from labelloop.loop.digest import learned_digest
from labelloop.loop.history import History
from labelloop.loop.labels import asked_items, at_revisions
from labelloop.loop.random_draws import as_listed, audit_count, derived, random_draw
from labelloop.loop.schedule import NextBatch, NextModel, finished, next_batch, next_model, open_batches
from labelloop.loop.state import LoopState
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import write
from labelloop.pool.sources import load
from labelloop.projects.catalog import created
from schemas.envelope import new_event
from schemas.events import (
    AuditEstimated,
    BatchAnnotated,
    BatchQueried,
    EventData,
    ModelTrained,
    ProjectCreated,
)
from schemas.parts import AnnotatedItem, BaseModelChoice, Choice, QueriedItem, Snapshot
from services.evaluator.due import next_audit
from services.evaluator.service import estimate_by
from services.querier.due import queried_items

ALL = 10**6
LOOKAHEAD = 1


@dataclass(frozen=True)
class Pool:
    """The texts, their gold labels by name and number, and a classifier that has their features."""

    texts: list[str]
    gold: list[str]
    labels: tuple[str, ...]
    numbers: Integers
    classifier: LoopClassifier


@dataclass(frozen=True)
class CheckedEstimate:
    """An estimate of a model's accuracy on the pool, and that accuracy."""

    estimate: AuditEstimated
    truth: float

    @property
    def covers(self) -> bool:
        return self.estimate.low <= self.truth <= self.estimate.high


class Run:
    """One simulated loop."""

    def __init__(self, pool: Pool, project: ProjectCreated) -> None:
        self._pool, self._project = pool, project
        self._history = History(f"run-{project.seed}")
        self._predicted: dict[str, Integers] = {}
        self._append(project)

    @property
    def _state(self) -> LoopState:
        return created(self._history)

    def estimates(self) -> Iterator[CheckedEstimate]:
        """Go through the loop; the estimates of its models, in their order."""
        while (audit := next_audit(self._state, ALL)) or not finished(self._state):
            if audit is not None:
                predicted = self._predicted[audit.model]
                by_item = {item: (self._pool.labels[number],) for item, number in enumerate(predicted)}
                self._append(estimate := estimate_by(self._state, audit, by_item, 0.0))
                yield CheckedEstimate(estimate, float(np.mean(predicted == self._pool.numbers)))
            elif (model := next_model(self._state)) is not None:
                self._append(self._train(model))
            elif (batch := next_batch(self._state)) is not None:
                self._append(self._pick(batch))
            else:
                self._answer()

    def _append(self, data: EventData) -> None:
        assert self._history.add(new_event(self._history.project, data, source="benchmark"))

    def _answer(self) -> None:
        """The oldest open batch, as the gold labels say."""
        batch = open_batches(self._state)[0]
        items = (AnnotatedItem(item=p.item, labels=(self._pool.gold[p.item],)) for p in batch.queried.items)
        self._append(BatchAnnotated(batch=batch.name, revision=0, items=tuple(items)))

    def _train(self, work: NextModel) -> ModelTrained:
        self._fit(work)
        return ModelTrained(
            model=work.model,
            attempt=0,
            learned=work.learned,
            digest=learned_digest(self._state, work.learned),
            labels=len(at_revisions(self._state, work.learned)),
            artifact="",
            sha256="",
            seconds=0,
            device="cpu",
            threads=1,
            seed=0,
        )

    def _fit(self, work: NextModel) -> None:
        items = sorted(at_revisions(self._state, work.learned))
        self._pool.classifier.fit(self._data(items, self._pool.numbers[items]))
        everything = list(range(len(self._pool.texts)))
        self._predicted[work.model] = self._pool.classifier.predict(
            self._data(everything, self._pool.numbers)
        )

    def _data(self, items: list[int], numbers: Integers) -> TextDataset:
        texts = [self._pool.texts[item] for item in items]
        return TextDataset(texts, numbers, target_labels=np.arange(len(self._pool.labels)))

    def _pick(self, work: NextBatch) -> BatchQueried:
        model = None if work.model is None else self._state.models[work.model].first
        return BatchQueried(
            batch=work.batch,
            items=self._drawn(work) if model is None else self._asked_for(work, model),
            model=work.model,
            attempt=None if model is None else 0,
            seed=0,
            pool_version="",
            seconds=0,
        )

    def _drawn(self, work: NextBatch) -> tuple[QueriedItem, ...]:
        project = self._project
        return as_listed(
            random_draw(project.seed, project.pool.size, asked_items(self._state), work.size), "cold-start"
        )

    def _asked_for(self, work: NextBatch, model: ModelTrained) -> tuple[QueriedItem, ...]:
        """By the classifier as it is: it was fitted for this model last, for a batch is picked at once."""
        project, taken = self._project, asked_items(self._state)
        count = audit_count(project.audit_share, work.size)
        drawn = random_draw(derived(project.seed, "audit", work.batch), project.pool.size, taken, count)
        free = sorted(set(range(project.pool.size)) - taken - set(drawn))
        labelled = sorted(at_revisions(self._state, model.learned))
        texts = [self._pool.texts[item] for item in (*free, *labelled)]
        rows, _ = querying.ask(
            BreakingTies(),
            self._pool.classifier,
            texts,
            self._pool.numbers[labelled],
            work.size - len(drawn),
            derived(project.seed, "query", work.batch),
        )
        picks = [Pick(free[row], None, "", 0.0) for row in rows]
        return queried_items(work.batch, project, picks, [Pick(item, None, "", 0.0) for item in drawn])


def prepare(data: Path, folder: Path) -> tuple[Pool, Snapshot]:
    """Clean the texts as the loop does; their features are computed once."""
    cleaned = clean_pool(load(str(data / "train.jsonl")))
    info = write(folder, cleaned.rows)
    setting = Setting(
        ClassifierSpec("linear", {}, BUNDLED, None),
        len(cleaned.labels),
        0,
        folder / info.name,
        folder / "cache",
    )
    gold = [str(row.gold) for row in cleaned.rows]
    pool = Pool(
        texts=[row.text for row in cleaned.rows],
        gold=gold,
        labels=tuple(cleaned.labels),
        numbers=labels.numbers(gold, cleaned.labels),
        classifier=factory("linear").new(setting),
    )
    return pool, Snapshot(uri="", digest=info.digest, size=len(gold))


def settings(pool: Pool, snapshot: Snapshot, share: float, seed: int, batches: int) -> ProjectCreated:
    return ProjectCreated(
        name="trec",
        labels=pool.labels,
        pool=snapshot,
        batch_size=20,
        max_batches=batches,
        lookahead=LOOKAHEAD,
        audit_share=share,
        classifier=Choice(name="linear"),
        strategy=Choice(name="breaking-ties"),
        model=BaseModelChoice(name=BUNDLED),
        seed=seed,
    )


def figures(runs: list[list[CheckedEstimate]], lookahead: int) -> dict[str, str]:
    """What the estimates of each run's last model that picked a batch come to, and those of all models."""
    last = [[checked for checked in run if len(checked.estimate.batches) > lookahead][-1] for run in runs]
    every = [checked for run in runs for checked in run]
    errors = [fmean(checked.estimate.accuracy - checked.truth for checked in run) for run in runs]
    return {
        "texts that audit the last model to pick a batch": f"{fmean(f.estimate.audited for f in last):.1f}",
        "its accuracy on the pool, mean": f"{fmean(f.truth for f in last):.3f}",
        "width of its interval, mean": f"{fmean(f.estimate.high - f.estimate.low for f in last):.3f}",
        f"**its interval covers the truth, of {len(last)} runs**": f"**{fmean(f.covers for f in last):.1%}**",
        f"the same of all models, {len(every)} estimates": f"{fmean(f.covers for f in every):.1%}",
        "estimate less truth, all models: mean ± its standard error over runs": (
            f"{fmean(errors):+.4f} ± {stdev(errors) / len(errors) ** 0.5:.4f}"
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with train.jsonl")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first run")
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--share", type=float, action="append", help="[default: 0.1, 0.2 and 0.5]")
    options = parser.parse_args()
    runtime.prepare(1)
    warnings.simplefilter("ignore")
    columns = {}
    seeds = range(options.first, options.first + options.runs)
    with tempfile.TemporaryDirectory() as folder:
        pool, snapshot = prepare(options.data, Path(folder))
        for share in options.share or (0.1, 0.2, 0.5):
            projects = (settings(pool, snapshot, share, seed, options.batches) for seed in seeds)
            columns[f"audit share {share}"] = figures(
                [list(Run(pool, p).estimates()) for p in projects], LOOKAHEAD
            )
    title = (
        f"The audit on TREC: linear on {BUNDLED}, breaking ties, {options.batches} batches of 20, lookahead 1"
    )
    publish("audit", comparison(title, columns))


if __name__ == "__main__":
    main()
