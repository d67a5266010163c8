"""What `labelloop what-if` prints. Pure."""

from labelloop.cli import plots
from labelloop.projects.whatif import Comparison


def what_if_text(found: Comparison) -> str:
    """A row for each number of labels, the curves, and what they can tell."""
    real, other = found.picked_by, found.other.strategy.name
    recorded = {point.labels: f"{point.accuracy:.3f}" for point in found.recorded}
    spreads = found.spreads()
    title = f"{other}, mean of {len(found.runs)} (lowest … highest)"
    rows = [f"{'labels':>8}  {'recorded':>8}  {title}"]
    for labels in sorted({*recorded, *spreads}):
        low, mean, high = spreads.get(labels, (None, None, None))
        played = f"{mean:.3f}  ({low:.3f} … {high:.3f})" if mean is not None else "-"
        rows.append(f"{labels:>8}  {recorded.get(labels, '-'):>8}  {played}")
    curves = plots.draw_two(found.recorded, found.mean(), found.real.name)
    marks = f"● recorded, picked by {real}   ○ played again, picked by {other}"
    return "\n".join([*rows, curves, marks, "", _reach(found)])


def _reach(found: Comparison) -> str:
    real, other = found.picked_by, found.other.strategy.name
    end = ", and all curves end with the same labels" if found.ends_alike else ""
    return (
        f"What this can tell: how fast {other} would have learned from the {found.labels} texts that "
        "people labelled.\n"
        f"What it cannot: they are those that {real} had asked for. Whatever {other} would have found\n"
        f"in the rest of the pool is missing here{end}. Where the curves lie\n"
        "further apart than its own runs do, a fork is worth a try: labelloop fork"
    )
