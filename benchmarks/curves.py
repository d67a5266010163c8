"""Learning curves as they grow: one JSON line a step, and their tables and plot."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev


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


Curve = Mapping[int, float]
"""Accuracy by number of labels."""


class Steps:
    """The steps on file, of every run; a run that was stopped goes on from them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps = list(self._read())

    def of(self, arm: str, seed: int, lookahead: int) -> list[Step]:
        """The steps of one run, in order."""
        return [
            step for step in self._steps if (step.arm, step.seed, step.lookahead) == (arm, seed, lookahead)
        ]

    def add(self, step: Step) -> None:
        """Keep a step."""
        self._steps.append(step)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(step)) + "\n")

    def runs(self, arm: str, lookahead: int) -> dict[int, list[Step]]:
        """The runs of an arm by seed, as far as they are as long as the longest run of all."""
        seeds = sorted({s.seed for s in self._steps if (s.arm, s.lookahead) == (arm, lookahead)})
        longest = max((step.model for step in self._steps), default=0) + 1
        runs = {seed: self.of(arm, seed, lookahead) for seed in seeds}
        return {seed: run for seed, run in runs.items() if len(run) == longest}

    def columns(self) -> list[tuple[str, int]]:
        """Each arm and lookahead that has steps, in the order in which they began."""
        return list(dict.fromkeys((step.arm, step.lookahead) for step in self._steps))

    def table(self) -> str:
        """Mean accuracy ± standard deviation over seeds, and mean macro-F1, by number of labels."""
        columns = self.columns()
        heads = [f"{arm}, lookahead {ahead} ({len(self.runs(arm, ahead))} seeds)" for arm, ahead in columns]
        lines = [f"| labels | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
        for labels in sorted({step.labels for step in self._steps}):
            cells = [
                _cell([step for run in self.runs(*column).values() for step in run if step.labels == labels])
                for column in columns
            ]
            lines.append(f"| {labels} | {' | '.join(cells)} |")
        areas = [_spread([area(accuracies(run)) for run in self.runs(*each).values()]) for each in columns]
        lines.append(f"| area | {' | '.join(areas)} |")
        return "\n".join(lines)

    def saved(self, baseline: str) -> Iterator[str]:
        """How many labels each arm needs for what the baseline reaches at its end, by the mean curves."""
        curve = mean_curve(self.runs(baseline, 0))
        if not curve:
            return
        most = max(curve)
        yield f"The arm {baseline} is at {curve[most]:.3f} with {most} labels. The others are there with:"
        yield ""
        for arm, lookahead in self.columns():
            labels = labels_to_reach(mean_curve(self.runs(arm, lookahead)), curve[most])
            reached = "not yet" if labels is None else f"{labels:.0f} labels ({labels / most:.0%})"
            yield f"- {arm}, lookahead {lookahead}: {reached}"

    def _read(self) -> Iterator[Step]:
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                values = json.loads(line)
                lists = {"picks": tuple(values["picks"]), "start": tuple(values.get("start", ()))}
                yield Step(**values | lists)


def accuracies(run: Sequence[Step]) -> Curve:
    return {step.labels: step.accuracy for step in run}


def area(curve: Curve) -> float:
    """The mean accuracy over the number of labels, from the first to the last (trapezoids)."""
    points = sorted(curve.items())
    if len(points) < 2:
        return points[0][1] if points else 0.0
    whole = sum((after - before) * (low + high) / 2 for (before, low), (after, high) in pairwise(points))
    return whole / (points[-1][0] - points[0][0])


def labels_to_reach(curve: Curve, accuracy: float) -> float | None:
    """The number of labels from which a curve is at an accuracy, between two points. None: it never is."""
    points = sorted(curve.items())
    if points and points[0][1] >= accuracy:
        return float(points[0][0])
    for (before, low), (after, high) in pairwise(points):
        if high >= accuracy:
            return before + (after - before) * (accuracy - low) / (high - low)
    return None


def mean_curve(runs: Mapping[int, Sequence[Step]]) -> Curve:
    """The mean accuracy over the seeds, at the numbers of labels that every run has."""
    curves = [accuracies(run) for run in runs.values()]
    shared = set.intersection(*map(set, curves)) if curves else set()
    return {labels: fmean(curve[labels] for curve in curves) for labels in sorted(shared)}


def _cell(steps: Sequence[Step]) -> str:
    if not steps:
        return ""
    return f"{_spread([s.accuracy for s in steps])}, F1 {fmean(s.macro_f1 for s in steps):.3f}"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"**{fmean(values):.3f}**{spread}"
