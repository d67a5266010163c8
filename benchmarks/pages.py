"""What learning curves say, as a page: labels needed, the curves' table, and where they were measured."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.curves import Step, Steps, area, figures, labels_to_reach, mean_curve
from benchmarks.peers import PEERS
from benchmarks.provenance import Provenance

BASELINE = "random"
EMPTY = ""


def page(path: Path, steps: Steps, provenance: Provenance) -> str:
    """The page of the steps on file at this path."""
    session = provenance.sessions[-1]
    first, second = figures(steps)
    return "\n".join(
        [
            f"# {session.data}: {first.name} by the number of labels",
            "",
            f"{session.classifier} on {session.model}; batches of {session.batch_size}. "
            f"Mean over seeds ± standard deviation of the {first.name} on the test set; F1 is the mean of "
            f"{second.name}. An empty cell was not measured. "
            "A run that is shorter than the longest of its arm counts in no mean.",
            "",
            f"![{first.name} and {second.name} by the number of labels]({path.with_suffix('.svg').name})",
            "",
            "## Labels needed",
            "",
            *needed(steps, 10 * session.batch_size),
            "",
            "## Curves",
            "",
            table(steps),
            "",
            *session_lines(steps, provenance),
            "## Where this was measured",
            "",
            *measured(steps, provenance),
            "",
        ]
    )


def table(steps: Steps) -> str:
    """Accuracy or micro-F1, and macro-F1, of each arm by the number of labels."""
    first, second = figures(steps)
    columns = steps.columns()
    heads = [f"{_name(*column)} ({seeds(len(steps.runs(*column)))})" for column in columns]
    lines = [f"| labels | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for labels in steps.labels():
        there = [
            [step for run in steps.runs(*column).values() for step in run if step.labels == labels]
            for column in columns
        ]
        cells = [
            _cell([first.of([step])[labels] for step in each], [second.of([step])[labels] for step in each])
            for each in there
        ]
        lines.append(f"| {labels} | {' | '.join(cells)} |")
    return "\n".join(lines)


def needed(steps: Steps, at: int) -> Iterator[str]:
    """What each arm needs for what random texts reach at so many labels and at their end; areas; macro-F1."""
    first, second = figures(steps)
    random = mean_curve(steps.runs(BASELINE, 0), first.of)
    if not random:
        yield f"There is no finished run of the arm {BASELINE} to compare with."
        return
    most = max(random)
    marks = sorted({at, most} & set(random))
    reached = " and ".join(f"**{random[mark]:.3f}** at {mark}" for mark in marks)
    yield (
        f"Random texts reach {_a(first.name)} of {reached} labels. Of each arm: how many labels it needs for "
        "that, where its mean curve is there for the first time (between two points, on a straight line); "
        f"the area under its curves from {min(random)} to {most} labels, divided by that range; "
        "and by how much this is more than random's."
    )
    yield ""
    heads = [
        "arm",
        "seeds",
        *(f"as random at {mark}" for mark in marks),
        "area",
        "over random",
        *(f"{second.name} at {mark}" for mark in marks),
    ]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for column in steps.columns():
        runs = steps.runs(*column)
        curve, f1 = mean_curve(runs, first.of), mean_curve(runs, second.of)
        is_whole = set(random) <= set(curve)
        areas = [
            area({n: value for n, value in first.of(run).items() if n in random}) for run in runs.values()
        ]
        cells = [
            _name(*column),
            str(len(runs)),
            *(_needs(labels_to_reach(curve, random[mark]), mark, is_whole) for mark in marks),
            _spread(areas) if is_whole else EMPTY,
            f"{round(fmean(areas) - area(random), 3) + 0.0:+.3f}" if is_whole else EMPTY,
            *(f"{f1[mark]:.3f}" if mark in f1 else EMPTY for mark in marks),
        ]
        yield f"| {' | '.join(cells)} |"


def session_lines(steps: Steps, provenance: Provenance) -> Iterator[str]:
    """What the peers are, which failed, and which runs are not at their end."""
    peers = (f"- {name}: {peer.about}" for name, peer in PEERS.items() if (name, 0) in steps.columns())
    lines = [*peers, *failures(steps, provenance), *unfinished(steps)]
    if lines:
        yield from ("## Arms", "", *lines, "")


def failures(steps: Steps, provenance: Provenance) -> Iterator[str]:
    """What stopped a peer, unless it came further since."""
    last = {(each.arm, each.seed): each for each in provenance.failures}
    for (arm, seed), failure in last.items():
        if max(_labels(steps.of(arm, seed, 0)), default=0) <= failure.labels:
            yield (
                f"- **{arm} failed** with seed {seed} after {failure.labels} labels ({failure.date}): "
                f"`{failure.error.replace('`', '')}`"
            )


def unfinished(steps: Steps) -> Iterator[str]:
    """Runs that are on file and not at the end of the longest of all."""
    end = steps.labels()[-1] if steps.labels() else 0
    for arm, lookahead in steps.columns():
        for seed in steps.seeds(arm, lookahead):
            at = _labels(steps.of(arm, seed, lookahead))[-1]
            if at < end:
                yield f"- {_name(arm, lookahead)}, seed {seed}: stopped at {at} of {end} labels so far"


def measured(steps: Steps, provenance: Provenance) -> Iterator[str]:
    """Each session that added steps, with its machine and versions."""
    for session, count in provenance.steps_of_sessions(len(steps)):
        versions = ", ".join(f"{package} {version}" for package, version in session.versions.items())
        yield (
            f"- {count} steps on {session.date}: {session.machine}, "
            f"{session.threads} threads a task; {versions}"
        )


def _labels(run: Sequence[Step]) -> list[int]:
    return [step.labels for step in run]


def _name(arm: str, lookahead: int) -> str:
    return f"{arm}, lookahead {lookahead}" if lookahead else arm


def seeds(count: int) -> str:
    """So many seeds, in words."""
    return "1 seed" if count == 1 else f"{count} seeds"


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _needs(labels: float | None, mark: int, is_whole: bool) -> str:
    if labels is not None:
        return f"{labels:.0f} ({labels / mark:.0%})"
    return "not reached" if is_whole else EMPTY


def _cell(first: Sequence[float], second: Sequence[float]) -> str:
    return f"{_spread(first)}, F1 {fmean(second):.3f}" if first else EMPTY


def _spread(values: Sequence[float]) -> str:
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"**{fmean(values):.3f}**{spread}"
