"""How long people wait for a batch, with lookahead 1 and auto: `python -m benchmarks.waits [--data DIR]`.

Each run is a `labelloop demo` of 13 batches of 20, by people who answer at a fixed pace. Finished runs are
kept, and the next start goes on from there.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.report import RESULTS, machine, publish
from labelloop.log import open_log
from labelloop.loop.figures import spread, waits
from labelloop.projects.catalog import choose, created, read_histories

PEOPLE = ((1, 1.0), (3, 2.0))
"""How many people, and how many seconds each takes for a label."""
LOOKAHEADS = ("1", "auto")
BATCHES, BATCH_SIZE = 13, 20
FROM_LABELS = 80


@dataclass(frozen=True)
class Run:
    """What one demo came to. `waited`: seconds by batch; `accuracy`: by number of labels."""

    people: int
    seconds_per_label: float
    lookahead: str
    seed: int
    waited: dict[str, float]
    accuracy: dict[str, float]
    machine: str

    @property
    def after_first_model(self) -> list[float]:
        """The waits from batch 3 on: 0 and 1 need no model, and 2 waits for the first one."""
        return [seconds for batch, seconds in self.waited.items() if int(batch) > 2]

    @property
    def at_once(self) -> float:
        """The share of the labels before which nobody waited for a second or longer."""
        after_a_wait = self.people * sum(seconds >= 1 for seconds in self.waited.values())
        return 1 - after_a_wait / (BATCHES * BATCH_SIZE)


def measure(data: Path | None, people: int, seconds: float, lookahead: str, seed: int) -> Run:
    """Run one demo."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        texts = ["--dataset", data / "train.jsonl", "--test", data / "test.jsonl"] if data else []
        demo = [sys.executable, "-P", "-m", "labelloop", "demo", "--home", home, "--json", *texts]
        paced = ["--annotators", people, "--seconds-per-label", seconds, "--batches", BATCHES]
        looks = ["--lookahead", lookahead, "--seed", seed]
        subprocess.run(list(map(str, [*demo, *paced, *looks])), check=True, stdout=subprocess.DEVNULL)
        waited, accuracy = asyncio.run(_figures(home))
    return Run(people, seconds, lookahead, seed, waited, accuracy, machine())


async def _figures(home: Path) -> tuple[dict[str, float], dict[str, float]]:
    log = open_log(f"sqlite:///{home / 'log.sqlite'}")
    try:
        state = created(choose(await read_histories(log), None))
    finally:
        await log.close()
    return waits(state), {str(e.labels): e.accuracy for e in state.evaluations.values()}


def page(data: str, runs: Sequence[Run]) -> str:
    """The runs as a page in Markdown: waits, and how far the accuracy is below that with lookahead 1."""
    lines = [
        "# How long annotators wait",
        "",
        f"`python -m benchmarks.waits`: `labelloop demo` on {data}, {BATCHES} batches of {BATCH_SIZE}.",
        "Waiting is counted on Argilla's clock: from the last answer to all batches before until its records",
        "came. A label is given at once if nobody waited for a second before it.",
        "",
        "| people | lookahead | runs | median wait | 95 % | most | 95 % after the first model "
        f"| labels given at once | accuracy from {FROM_LABELS} labels on, beside lookahead 1 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for people, seconds in PEOPLE:
        for lookahead in LOOKAHEADS:
            alike = [run for run in runs if (run.people, run.lookahead) == (people, lookahead)]
            if alike:
                fixed = [r for r in runs if (r.people, r.lookahead) == (people, "1")]
                lines.append(f"| {people}, {seconds:g} s a label | {lookahead} | {_row(alike, fixed)} |")
    machines = sorted({run.machine for run in runs})
    return "\n".join([*lines, "", *(f"- {each}" for each in machines)]) + "\n"


def _row(runs: Sequence[Run], fixed: Sequence[Run]) -> str:
    waited = spread([seconds for run in runs for seconds in run.waited.values()])
    later = spread([seconds for run in runs for seconds in run.after_first_model])
    figures = [waited.p50, waited.p95, waited.max, later.p95]
    at_once = f"{fmean(run.at_once for run in runs):.1%}"
    return " | ".join([str(len(runs)), *(f"{each:.1f} s" for each in figures), at_once, _beside(runs, fixed)])


def _beside(runs: Sequence[Run], fixed: Sequence[Run]) -> str:
    """Mean and lowest difference at equal labels, averaged over the seeds that both have."""
    by_seed = {run.seed: run.accuracy for run in fixed}
    apart: dict[int, list[float]] = {}
    for run in runs:
        for labels, accuracy in run.accuracy.items():
            if int(labels) >= FROM_LABELS and labels in by_seed.get(run.seed, {}):
                apart.setdefault(int(labels), []).append(accuracy - by_seed[run.seed][labels])
    means = [fmean(each) for each in apart.values()]
    return f"{fmean(means):+.3f} on average, {min(means):+.3f} at least" if means else "–"


def main() -> None:
    """Measure what is not on file yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="a folder with train.jsonl and test.jsonl; else bundled texts"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_args()
    name = arguments.data.name if arguments.data else "questions"
    path = RESULTS / f"wait-{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    runs = [Run(**json.loads(line)) for line in lines]
    on_file = {(run.people, run.lookahead, run.seed) for run in runs}
    for seed in arguments.seeds:
        for people, seconds in PEOPLE:
            for lookahead in LOOKAHEADS:
                if (people, lookahead, seed) not in on_file:
                    run = measure(arguments.data, people, seconds, lookahead, seed)
                    runs.append(run)
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(run)) + "\n")
    publish(f"wait-{name}", page(name, runs))


if __name__ == "__main__":
    main()
