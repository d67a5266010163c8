"""What each classifier learns of the same labelled texts: `python -m benchmarks.classifiers --data DIR`.

Texts are drawn at random, so rare classes have few. Stop it at any time: started again, it goes on.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from benchmarks.loops import Task, prepare
from benchmarks.report import RESULTS, machine
from labelloop.learner import runtime
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import ClassifierSpec, EvaluateRequest, TrainRequest
from labelloop.learner.worker import Worker
from labelloop.loop.random_draws import derived, random_draw

BALANCED = {"class_weights": "balanced"}
HELD_OUT = {"validation_share": 0.1}
PAIRS = {"num_iterations": 20}
ARMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "transformer": ("transformer", {}),
    "transformer, balanced": ("transformer", BALANCED),
    "transformer, 10 % held out": ("transformer", HELD_OUT),
    "linear": ("linear", {}),
    "linear, balanced": ("linear", BALANCED),
    "small-text-transformer": ("small-text-transformer", {}),
    "small-text-transformer, lr=1e-4": ("small-text-transformer", {"lr": 1e-4}),
    "small-text-transformer, lr=1e-4, balanced": ("small-text-transformer", {"lr": 1e-4, **BALANCED}),
    "setfit, num_iterations=20": ("setfit", PAIRS),
    "setfit, num_iterations=20, balanced": ("setfit", {**PAIRS, **BALANCED}),
}


async def measure(options: argparse.Namespace) -> None:
    """Take the steps that are left, and write the page."""
    file = options.out.with_suffix(".jsonl")
    done = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    worker = Worker(options.threads)
    try:
        with tempfile.TemporaryDirectory() as folder:
            task = prepare(options, Path(folder))
            for seed, labels, arm in steps(options):
                if not any(
                    (each["seed"], each["labels"], each["arm"]) == (seed, labels, arm) for each in done
                ):
                    step = await taken(task, worker, seed, labels, arm)
                    print(json.dumps(step), flush=True)
                    with file.open("a") as lines:
                        lines.write(json.dumps(step) + "\n")
                    done.append(step)
                    options.out.with_suffix(".md").write_text(page(options.name, done))
    finally:
        worker.close()


def steps(options: argparse.Namespace) -> Iterator[tuple[int, int, str]]:
    """What to measure, so that what is there early compares all arms."""
    for seed in options.seeds:
        for labels in options.labels:
            for arm in options.arms:
                yield seed, labels, arm


async def taken(task: Task, worker: Worker, seed: int, labels: int, arm: str) -> dict[str, Any]:
    """Train on the first of a random order of texts, and evaluate."""
    name, changes = ARMS[arm]
    spec = ClassifierSpec(name, {**CLASSIFIERS.get(name).recipe, **changes}, task.model, None)
    items = random_draw(seed, len(task.gold), (), max(labels, 1000))[:labels]
    trained = await worker.run(
        TrainRequest(
            pool=task.pool,
            classifier=spec,
            labels=task.labels,
            examples=task.examples(items),
            ignored=(),
            seed=derived(seed, "train", str(labels)),
            threads=task.threads,
            into=task.folder / "models",
            cache=task.cache,
            order_seed=seed,
        )
    )
    evaluated = await worker.run(
        EvaluateRequest(
            task.test, spec, task.labels, trained.folder, trained.sha256, task.threads, task.cache
        )
    )
    return {
        "arm": arm,
        "seed": seed,
        "labels": labels,
        "accuracy": evaluated.accuracy,
        "macro_f1": evaluated.macro_f1,
        "seconds": trained.seconds,
        "metrics": dict(trained.metrics),
    }


def page(name: str, done: list[dict[str, Any]]) -> str:
    """The table of what is on file."""
    sizes = sorted({step["labels"] for step in done})
    rows = []
    for arm in dict.fromkeys(step["arm"] for step in done):
        cells = [
            cell([step for step in done if (step["arm"], step["labels"]) == (arm, size)]) for size in sizes
        ]
        rows.append(f"| {arm} | {' | '.join(cells)} |")
    versions = ", ".join(f"{package} {version}" for package, version in runtime.versions().items())
    return (
        f"# {name}: what each classifier learns of the same random texts\n\n"
        "Means over seeds ± standard deviation of the accuracy on the test set, macro-F1, and seconds of a "
        "training with one thread. An empty cell was not measured.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {versions}\n\n"
        f"| classifier | {' | '.join(f'{size} labels' for size in sizes)} |\n"
        f"|---{'|---' * len(sizes)}|\n" + "\n".join(rows) + "\n"
    )


def cell(found: list[dict[str, Any]]) -> str:
    """Figures of one arm at one number of labels."""
    if not found:
        return ""
    accuracies = [step["accuracy"] for step in found]
    spread = f" ± {stdev(accuracies):.3f}" if len(found) > 1 else ""
    seeds = f"{len(found)} seed{'s' if len(found) > 1 else ''}"
    return (
        f"**{fmean(accuracies):.3f}**{spread}, F1 {fmean(step['macro_f1'] for step in found):.3f}, "
        f"{fmean(step['seconds'] for step in found):.0f} s ({seeds})"
    )


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with train.jsonl and test.jsonl")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), metavar="ARM")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--labels", type=int, nargs="+", default=[40, 80, 120])
    parser.add_argument("--model", default=BUNDLED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, help="a path without its suffix (below results/)")
    parser.set_defaults(classifier="", batches=0, batch_size=0, multi_label=False)
    options = parser.parse_args()
    options.name = "questions" if options.data is None else options.data.resolve().name
    options.out = options.out or RESULTS / f"classifiers-{options.name}"
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
