"""Learning curves as they grow: one JSON line a step, and what can be read off them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean


@dataclass(frozen=True)
class Step:
    """A model of one run: what it scored on the test set, and the items that it picked for a later batch."""

    arm: str
    seed: int
    lookahead: int
    model: int
    labels: int
    accuracy: float
    macro_f1: float
    train_seconds: float
    query_seconds: float
    picks: tuple[int, ...]
    start: tuple[int, ...] = ()
    micro_f1: float | None = None
    """Of a multi-label task; then `accuracy` counts texts whose labels are all right."""


Curve = Mapping[int, float]
"""A figure by number of labels."""


class Steps:
    """The steps on file, of every run; a run that was stopped goes on from them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps = list(self._read())

    def of(self, arm: str, seed: int, lookahead: int) -> list[Step]:
        """The steps of one run, in order. One that was taken again counts as it is last on file."""
        run = (s for s in self._steps if (s.arm, s.seed, s.lookahead) == (arm, seed, lookahead))
        last = {step.model: step for step in run}
        return [last[model] for model in sorted(last)]

    def add(self, step: Step) -> None:
        """Keep a step."""
        self._steps.append(step)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(step)) + "\n")

    def __len__(self) -> int:
        return len(self._steps)

    def seeds(self, arm: str, lookahead: int) -> list[int]:
        """The seeds of all runs of an arm."""
        return sorted({s.seed for s in self._steps if (s.arm, s.lookahead) == (arm, lookahead)})

    def runs(self, arm: str, lookahead: int) -> dict[int, list[Step]]:
        """The runs of an arm by seed, as far as they are as long as the longest of them."""
        runs = {seed: self.of(arm, seed, lookahead) for seed in self.seeds(arm, lookahead)}
        longest = max(map(len, runs.values()), default=0)
        return {seed: run for seed, run in runs.items() if len(run) == longest}

    def labels(self) -> list[int]:
        """Every number of labels that a step has."""
        return sorted({step.labels for step in self._steps})

    @property
    def are_multi_label(self) -> bool:
        """Whether they are of a multi-label task."""
        return any(step.micro_f1 is not None for step in self._steps)

    def columns(self) -> list[tuple[str, int]]:
        """Each arm and lookahead that has steps, in the order in which they began."""
        return list(dict.fromkeys((step.arm, step.lookahead) for step in self._steps))

    def _read(self) -> Iterator[Step]:
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                values = json.loads(line)
                lists = {"picks": tuple(values["picks"]), "start": tuple(values.get("start", ()))}
                yield Step(**values | lists)


def accuracies(run: Sequence[Step]) -> Curve:
    """The accuracy of a run by the number of labels."""
    return {step.labels: step.accuracy for step in run}


def f1s(run: Sequence[Step]) -> Curve:
    """Its macro-F1."""
    return {step.labels: step.macro_f1 for step in run}


def micro_f1s(run: Sequence[Step]) -> Curve:
    """Its micro-F1, of a multi-label task."""
    return {step.labels: step.micro_f1 for step in run if step.micro_f1 is not None}


@dataclass(frozen=True)
class Figure:
    """What is measured on the test set, and its curve."""

    name: str
    of: Callable[[Sequence[Step]], Curve]


def figures(steps: Steps) -> tuple[Figure, Figure]:
    """What the steps are told by first of all, and beside it."""
    first = Figure("micro-F1", micro_f1s) if steps.are_multi_label else Figure("accuracy", accuracies)
    return first, Figure("macro-F1", f1s)


def area(curve: Curve) -> float:
    """The mean of a curve over the number of labels, from the first to the last (trapezoids)."""
    points = sorted(curve.items())
    if len(points) < 2:
        return points[0][1] if points else 0.0
    whole = sum((after - before) * (low + high) / 2 for (before, low), (after, high) in pairwise(points))
    return whole / (points[-1][0] - points[0][0])


def labels_to_reach(curve: Curve, value: float) -> float | None:
    """The number of labels from which a curve is at a value, between two points. None: it never is."""
    points = sorted(curve.items())
    if points and points[0][1] >= value:
        return float(points[0][0])
    for (before, low), (after, high) in pairwise(points):
        if high >= value:
            return before + (after - before) * (value - low) / (high - low)
    return None


def points(
    runs: Mapping[int, Sequence[Step]], of: Callable[[Sequence[Step]], Curve] = accuracies
) -> dict[int, list[float]]:
    """The values of all seeds, at the numbers of labels that every run has."""
    curves = [of(run) for run in runs.values()]
    shared = set.intersection(*map(set, curves)) if curves else set()
    return {labels: [curve[labels] for curve in curves] for labels in sorted(shared)}


def mean_curve(
    runs: Mapping[int, Sequence[Step]], of: Callable[[Sequence[Step]], Curve] = accuracies
) -> Curve:
    """The mean over the seeds, at the numbers of labels that every run has."""
    return {labels: fmean(values) for labels, values in points(runs, of).items()}
