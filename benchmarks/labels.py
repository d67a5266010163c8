"""How many labels a model needs: `python -m benchmarks.labels --data DIR`, or `make bench`.

Simulates the loop's order of work with the learner's own first texts, training, picking and measuring, beside
random sampling and other tools. Stop it at any time: started again, it goes on from the steps on file.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.arms import ARMS, MANY_LABELS, OwnLearner
from benchmarks.curves import Steps
from benchmarks.loops import Run, Task, prepare
from benchmarks.peers import PEERS, PeerFailed, PeerLearner
from benchmarks.plots import publish
from benchmarks.provenance import Provenance, Session
from benchmarks.report import RESULTS
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.worker import Worker

QUICK: Mapping[str, Any] = {"arms": ["default", "random"], "seeds": [1], "lookahead": [0], "batches": 3}


async def measure(options: argparse.Namespace) -> None:
    """Take the steps that are left, `--parallel` runs at a time, and make the page and the plot."""
    path = options.out.with_suffix(".jsonl")
    steps, provenance = Steps(path), Provenance(path)
    settings = {arm: _settings(arm, options) for arm in options.arms}
    for arm in settings:
        if provenance.unlike(arm, settings[arm]):
            raise SystemExit(
                f"{path} has curves of the arm {arm!r} with other settings; "
                "give another --out, or rename that arm in the file"
            )
    provenance.begin(
        Session.now(
            first_step=len(steps),
            data=options.name,
            classifier=options.classifier,
            model=options.model,
            batch_size=options.batch_size,
            threads=options.threads,
            arms=settings,
        )
    )
    slots = asyncio.Semaphore(options.parallel)
    worker = Worker(options.threads)

    async def finish(run: Run) -> None:
        async with slots:
            try:
                await run.finish()
            except PeerFailed as error:
                steps_done = steps.of(run.arm, run.seed, run.lookahead)
                provenance.fail(run.arm, run.seed, steps_done[-1].labels if steps_done else 0, str(error))
                print(f"{run.arm}, seed {run.seed}: failed: {error}", flush=True)

    before = len(steps)
    try:
        with tempfile.TemporaryDirectory() as folder:
            task = prepare(options, Path(folder))
            await asyncio.gather(*(finish(run) for run in runs(options, task, worker, steps)))
    finally:
        worker.close()
        if len(steps):
            print(publish(path))
        if len(steps) == before:
            print(f"Nothing was left to measure. To measure anew, delete {path}")


def runs(options: argparse.Namespace, task: Task, worker: Worker, steps: Steps) -> Iterator[Run]:
    """All runs, slow peers last. Peers have no lookahead."""
    slow = [name for name in options.arms if name in PEERS and PEERS[name].is_slow]
    for arms in ([name for name in options.arms if name not in slow], slow):
        for seed in options.seeds:
            for arm in arms:
                if arm not in PEERS:
                    for lookahead in options.lookahead:
                        own = OwnLearner(task, worker, arm, seed, lookahead)
                        yield Run(task, own, steps, arm, seed, lookahead)
                elif seed in PEERS[arm].seeds(options.seeds):
                    yield Run(task, PeerLearner(task, arm, seed), steps, arm, seed, 0)


def _settings(arm: str, options: argparse.Namespace) -> dict[str, Any]:
    """What the curves of an arm depend on, beside the data and the seed."""
    shared = {"model": options.model, "batch_size": options.batch_size}
    if arm in PEERS:
        return {**shared, "about": PEERS[arm].about}
    own = (MANY_LABELS if options.multi_label else ARMS)[arm]
    spec = asdict(own.spec(options.classifier, options.model, options.multi_label))
    if not options.multi_label:  # Older sessions do not name it.
        del spec["multi_label"]
    return {**shared, **asdict(own), "spec": spec}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every benchmark of learning curves."""
    parser.add_argument("--lookahead", type=int, nargs="+", default=[0], help="of labelloop's arms")
    parser.add_argument("--batches", type=int, default=13)
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--classifier", default="transformer")
    parser.add_argument("--model", default=BUNDLED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=2, help="runs at a time")
    parser.add_argument("--cache", type=Path, help="a folder for embeddings, which other runs use again")
    parser.add_argument("--out", type=Path, help="a path without its suffix (below results/)")


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--data", type=Path, help="a folder with train.jsonl and test.jsonl (the bundled questions)"
    )
    parser.add_argument(
        "--arms",
        nargs="+",
        choices=[*ARMS, *PEERS],
        default=["default", "random", *PEERS],
        metavar="ARM",
        help=f"of {', '.join(map(repr, [*ARMS, *PEERS]))} (default, random and all other tools)",
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="slow tools take the first two"
    )
    parser.add_argument("--quick", action="store_true", help="default and random, one seed, three batches")
    parser.set_defaults(multi_label=False)
    add_options(parser)
    options = parser.parse_args()
    for name, value in QUICK.items() if options.quick else ():
        setattr(options, name, value)
    options.name = "questions" if options.data is None else options.data.resolve().name
    quick = "-quick" if options.quick else ""
    options.out = options.out or RESULTS / f"labels-{options.name}{quick}"
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
