"""Pages and plots of the curves on file: `python -m benchmarks.plots [FILE.jsonl ...]` (all results)."""

import argparse
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from benchmarks.arms import MANY_LABELS
from benchmarks.curves import Steps, figures, points
from benchmarks.pages import page, seeds
from benchmarks.peers import PEERS
from benchmarks.provenance import Provenance
from benchmarks.report import RESULTS

SHOWN = list(dict.fromkeys(["default", "random", *PEERS, *MANY_LABELS]))
"""The arms that are drawn; the others are in the table."""
PLAIN: Any = {"svg.hashsalt": "labelloop", "svg.fonttype": "none", "font.size": 9}


def draw(path: Path, steps: Steps, provenance: Provenance) -> Path:
    """Draw the figures of the arms on file, with their spread, into an SVG beside the file."""
    session = provenance.sessions[-1]
    with pyplot.rc_context(PLAIN):
        figure, axes = pyplot.subplots(1, 2, figsize=(11, 5), sharex=True, layout="constrained")
        for axis, shown in zip(axes, figures(steps), strict=True):
            drawn = {arm: runs for arm in SHOWN if (runs := steps.runs(arm, 0))}
            for number, (arm, runs) in enumerate(drawn.items()):
                _curve(axis, f"C{number}", f"{arm} ({seeds(len(runs))})", points(runs, shown.of))
            axis.set(xlabel="labels", ylabel=f"{shown.name} on the test set", ylim=(0, 1))
            axis.grid(alpha=0.3)
        axes[0].legend(loc="lower right", fontsize=8)
        figure.suptitle(
            f"{session.data}: mean over seeds, band ± one standard deviation; batches of {session.batch_size}"
        )
        dates = sorted({each.date for each, _ in provenance.steps_of_sessions(len(steps))})
        figure.supxlabel(f"{', '.join(dates)}; {session.machine.split(', load')[0]}", fontsize=7)
        picture = path.with_suffix(".svg")
        figure.savefig(picture, metadata={"Date": None})
        pyplot.close(figure)
    return picture


def _curve(axis: Axes, color: str, name: str, values: dict[int, list[float]]) -> None:
    labels = list(values)
    means = [fmean(each) for each in values.values()]
    spreads = [stdev(each) if len(each) > 1 else 0.0 for each in values.values()]
    axis.plot(labels, means, color=color, label=name, marker=".")
    low = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    high = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    axis.fill_between(labels, low, high, color=color, alpha=0.15, linewidth=0)


def publish(path: Path) -> str:
    """Make the page and the plot of the steps on file at this path, and return the page."""
    steps, provenance = Steps(path), Provenance(path)
    text = page(path, steps, provenance)
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    draw(path, steps, provenance)
    return text


def main() -> None:
    """Make the pages and plots of these files, or of all that are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="steps on file (all of results/)")
    recorded = (path.with_suffix("").with_suffix(".jsonl") for path in RESULTS.glob("*.sessions.jsonl"))
    for path in parser.parse_args().files or sorted(recorded):
        publish(path)
        print(path.with_suffix(".md"), path.with_suffix(".svg"))


if __name__ == "__main__":
    main()
