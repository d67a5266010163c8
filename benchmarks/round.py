"""One round beside the tutorial's core: `python -m benchmarks.round [--data DIR]`.

Both train on the same labels and pick a batch from what is left of the pool, in turn and in this process,
with the same threads. labelloop works as a new project does by default. The tutorial's core is small-text's
own transformer with its defaults, as Argilla's notebook "Active Learning with small-text" uses it; its texts
are padded to 60 tokens.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from small_text import BreakingTies  # type: ignore[import-untyped]

from benchmarks.arms import DEFAULT
from benchmarks.peers.fine_tuned import tutorials_classifier, tutorials_data
from benchmarks.report import comparison, publish
from labelloop.learner import querying, runtime, training
from labelloop.learner.base_model import BUNDLED, resolve
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import ClassifierSpec, QueryRequest, TrainRequest
from labelloop.loop.random_draws import random_draw
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import Row, write
from labelloop.pool.sources import load

LABELS, BATCH = 140, 20
LABELLOOP, TUTORIAL = "labelloop", "the tutorial's core"
Times = tuple[float, float]
"""Seconds of training, and of scoring and picking."""


def ours(folder: Path, rows: Sequence[Row], items: Sequence[int], threads: int) -> Callable[[int], Times]:
    """A round of labelloop, as its trainer and querier do it. What is kept of texts stays for the next."""
    pool = folder / write(folder, rows).name
    labels = tuple(sorted({str(row.gold) for row in rows}))
    examples = tuple((item, (str(rows[item].gold),)) for item in items)
    spec = ClassifierSpec("transformer", CLASSIFIERS.get("transformer").recipe, BUNDLED, None)

    def take(seed: int) -> Times:
        began = time.perf_counter()
        trained = training.train(
            TrainRequest(
                pool, spec, labels, examples, (), seed, threads, folder / str(seed), folder / "cache"
            )
        )
        between = time.perf_counter()
        picked = querying.query(
            QueryRequest(
                pool=pool,
                classifier=spec,
                labels=labels,
                model_folder=trained.folder,
                model_sha256=trained.sha256,
                strategy=DEFAULT.name,
                strategy_parameters=DEFAULT.parameters,
                taken=(),
                labelled=examples,
                ignored=(),
                n=BATCH,
                seed=seed,
                threads=threads,
                cache=folder / "cache",
                number=LABELS // BATCH,
            )
        )
        assert len(picked.picks) == BATCH
        return between - began, time.perf_counter() - between

    return take


def the_tutorials(folder: Path, rows: Sequence[Row], items: Sequence[int]) -> Callable[[int], Times]:
    """A round of the tutorial's core: train from the base model, score, pick. Tokenizing is not counted."""
    base = resolve(BUNDLED).folder
    labels = sorted({str(row.gold) for row in rows})
    y = np.array([labels.index(str(row.gold)) for row in rows])
    data = tutorials_data(base, [row.text for row in rows], y, len(labels))
    factory = tutorials_classifier(base, len(labels), folder, {})
    learned = np.array(sorted(items))
    others = np.setdiff1d(np.arange(len(rows)), learned)

    def take(seed: int) -> Times:
        np.random.seed(seed)
        began = time.perf_counter()
        classifier = factory.new()
        classifier.fit(data[learned])
        between = time.perf_counter()
        picked = BreakingTies().query(classifier, data, others, learned, y[learned], n=BATCH)
        assert len(picked) == BATCH
        return between - began, time.perf_counter() - between

    return take


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with train.jsonl (the bundled questions)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    texts = bundled("questions").pool if options.data is None else options.data / "train.jsonl"
    rows = clean_pool(load(str(texts))).rows
    items = random_draw(1, len(rows), (), LABELS)
    runtime.prepare(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tutorial").mkdir()
        takers = {
            LABELLOOP: ours(folder, rows, items, options.threads),
            TUTORIAL: the_tutorials(folder / "tutorial", rows, items),
        }
        first = takers[LABELLOOP](0)
        times: dict[str, list[Times]] = {name: [] for name in takers}
        for seed in range(1, options.rounds + 1):
            for name, take in takers.items():
                times[name].append(take(seed))
    free = len(rows) - LABELS
    columns = {name: _figures(each, free) for name, each in times.items()}
    columns[LABELLOOP]["training when nothing is kept yet"] = f"{first[0]:.1f} s"
    columns[TUTORIAL]["training when nothing is kept yet"] = ""
    whole = {name: median(sum(each) for each in taken) for name, taken in times.items()}
    columns[LABELLOOP]["times as fast"] = f"{whole[TUTORIAL] / whole[LABELLOOP]:.1f}"
    columns[TUTORIAL]["times as fast"] = "1"
    title = f"One round: train on {LABELS} labels, pick {BATCH} of {free:,} texts"
    publish("round", comparison(title, columns))


def _figures(times: Sequence[Times], texts: int) -> dict[str, str]:
    """Medians over the rounds."""
    training_seconds, picking = (median(each) for each in zip(*times, strict=True))
    return {
        "training": f"{training_seconds:.1f} s",
        "picking": f"{picking:.1f} s",
        "texts of the pool a second": f"{texts / picking:.0f}",
        "round": f"{median(sum(each) for each in times):.1f} s",
    }


if __name__ == "__main__":
    main()
