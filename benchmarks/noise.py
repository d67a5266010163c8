"""How many wrong labels `labelloop noise` finds on TREC: `python -m benchmarks.noise --data DIR`.

Some labels of a random sample of the pool are swapped for others; what is found is held against these.
"""

import argparse
import random
import tempfile
from pathlib import Path
from statistics import fmean

from benchmarks.report import comparison, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.noise import find_noise
from labelloop.learner.requests import NoiseRequest
from labelloop.pool.prepare import Prepared, clean_pool
from labelloop.pool.snapshot import write
from labelloop.pool.sources import load

SHARE = 0.1


def wrong_and_found(
    cleaned: Prepared, folder: Path, pool: Path, size: int, seed: int
) -> tuple[set[int], list[int]]:
    """The texts whose label was swapped, and those that are found, of a sample of so many."""
    generator = random.Random(seed)
    items = sorted(generator.sample(range(len(cleaned.rows)), size))
    wrong = set(generator.sample(items, round(SHARE * size)))
    label_of = {item: str(cleaned.rows[item].gold) for item in items}
    for item in wrong:
        label_of[item] = generator.choice([label for label in cleaned.labels if label != label_of[item]])
    request = NoiseRequest(
        pool=pool,
        model=BUNDLED,
        revision=None,
        labels=tuple(cleaned.labels),
        examples=tuple((item, (label,)) for item, label in label_of.items()),
        seed=seed,
        threads=1,
        cache=folder / "cache",
    )
    return wrong, [suspect.item for suspect in find_noise(request).suspects]


def figures(runs: list[tuple[set[int], list[int]]]) -> dict[str, str]:
    hits = [len(wrong.intersection(suspects)) for wrong, suspects in runs]
    recalls = [hit / len(wrong) for hit, (wrong, _) in zip(hits, runs, strict=True)]
    precisions = [hit / len(suspects) for hit, (_, suspects) in zip(hits, runs, strict=True)]
    first = [fmean(item in wrong for item in suspects[:20]) for wrong, suspects in runs]
    return {
        "wrong labels": f"{fmean(len(wrong) for wrong, _ in runs):.0f}",
        "suspects": f"{fmean(len(suspects) for _, suspects in runs):.1f}",
        "share of the wrong labels that is found": f"{fmean(recalls):.1%}",
        "share of the suspects that is wrong": f"{fmean(precisions):.1%}",
        "share of the first 20 suspects that is wrong": f"{fmean(first):.1%}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with train.jsonl")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    cleaned = clean_pool(load(str(options.data / "train.jsonl")))
    columns = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pool = folder / write(folder, cleaned.rows).name
        for size in (200, 500, 1000):
            runs = [wrong_and_found(cleaned, folder, pool, size, seed) for seed in range(options.runs)]
            columns[f"{size} labels"] = figures(runs)
    title = f"Label noise on TREC: {SHARE:.0%} of the labels are wrong, means of {options.runs} samples"
    publish("noise", comparison(title, columns))


if __name__ == "__main__":
    main()
