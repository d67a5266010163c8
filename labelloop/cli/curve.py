"""`labelloop curve`: the learning curve, accuracy over labels, and how it is drawn."""

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.locations import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.loop.figures import Audited, Point
    from schemas.events import ProjectCreated


WIDTH, HEIGHT, TICKS = 78, 18, 10
Curve = Sequence[tuple[int, float]]


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--png", type=click.Path(path_type=Path), help="Also save the curve to this PNG file.")
@options.as_json
def curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:
    """Draw the learning curve: accuracy by number of labels, on the test set and as estimated by audits.

    Where a text may have several labels: micro-F1, macro-F1, and the share of texts that are all right.

    `labelloop curve --png curve.png`
    """
    asyncio.run(_curve(where, project, png, as_json))


async def _curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:

    from labelloop.cli.opened import opened_project
    from labelloop.loop import figures
    from labelloop.loop.settings_in_force import for_next
    from labelloop.projects.catalog import name_of, sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    points, audits = figures.curve(state), figures.audits(state)
    by_test = {figures.name_of_test_set(state, test): each for test, each in figures.curves(state).items()}
    if png is not None and (by_test or audits):
        draw_png(by_test, name_of(history), png, audits)
    if as_json:
        report: dict[str, object] = {
            "curve": [point.as_dict() for point in points],
            "audits": [audit.as_dict() for audit in audits],
        }
        if by_test and None not in by_test:
            report["by_test_set"] = {
                name: [point.as_dict() for point in each] for name, each in by_test.items()
            }
        echo(json.dumps({"project": history.project, **report}))
        return
    for name, each in by_test.items():
        echo(draw_text(each, name_of(history), name))
    if audits:
        echo(draw_audits(audits, name_of(history)))
    if not (by_test or audits):
        _tell_why_none(history.project, for_next(state))


def _tell_why_none(name: str, project: "ProjectCreated") -> None:
    """Say why there is no curve yet. Raises UserError if there will never be one."""
    if project.test is None and not project.audit_share:
        raise UserError(
            f"{name} has neither a test set nor an audit share, so there is no curve: "
            "give it one with `labelloop change --test` or `--audit-share`"
        )
    echo("no model has been evaluated or audited yet")


def draw_text(points: "Sequence[Point]", title: str, test_set: str | None = None) -> str:
    """The curve on a test set in characters, without colours. The set is named where there were several."""
    if all(point.micro_f1 is None for point in points):
        return _drawn({"●": _accuracy(points)}, f"{title}: accuracy on {_named(test_set)}")
    curves = {
        "●": [(point.labels, point.micro_f1 or 0.0) for point in points],
        "○": [(point.labels, point.macro_f1) for point in points],
        "▲": _accuracy(points),
    }
    marks = "● micro-F1   ○ macro-F1   ▲ share of texts whose labels are all right"
    return f"{_drawn(curves, f'{title}: several labels on {_named(test_set)}')}\n{marks}"


def _named(test_set: str | None) -> str:
    return f"the test set {test_set}" if test_set else "the test set"


def draw_two(points: "Sequence[Point]", other: Curve, title: str) -> str:
    """Two curves in characters: points (●) and other (○)."""
    return _drawn({"●": _accuracy(points), "○": other}, f"{title}: accuracy on the test set")


def draw_audits(audits: "Sequence[Audited]", title: str) -> str:
    """The audits' estimates in characters, each with its confidence interval."""
    curves = {
        "●": [(a.labels, a.accuracy) for a in audits],
        "▼": [(a.labels, a.high) for a in audits],
        "▲": [(a.labels, a.low) for a in audits],
    }
    return _drawn(curves, f"{title}: accuracy on the pool, by audit, with 95 %")


def _accuracy(points: "Sequence[Point]") -> Curve:
    return [(point.labels, point.accuracy) for point in points]


def _drawn(curves: Mapping[str, Curve], title: str) -> str:
    """Curves of values from 0 to 1 over labels, by their marks. A line joins the points of the first."""
    import plotext  # type: ignore[import-untyped]

    first, *_ = curves.values()
    labels = sorted({place for curve in curves.values() for place, _ in curve})
    figure = plotext.figure
    figure.clear()
    figure.plot_size(min(WIDTH, shutil.get_terminal_size().columns), HEIGHT)
    figure.draw(figure.signal(*zip(*first, strict=True), marker="braille").lines())
    for mark, curve in reversed(list(curves.items())):
        figure.draw(figure.signal(*zip(*curve, strict=True), marker=mark))
    figure.ruler("x", 0).lim(0, max(labels)).ticks(labels[:: 1 + len(labels) // TICKS])
    figure.ruler("y", 0).lim(0, 1)
    figure.title(title)
    figure.label("labels", "x")
    return str(plotext.uncolorize(str(figure.build())))


def draw_png(
    by_test: "Mapping[str | None, Sequence[Point]]",
    title: str,
    path: Path,
    audits: "Sequence[Audited]" = (),
) -> None:
    """Save a curve for each test set as one PNG. Raises UserError if the file cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for name, points in by_test.items():
        labels = [p.labels for p in points]
        several = any(p.micro_f1 is not None for p in points)
        accuracy_of = "texts all right" if several else "accuracy"
        axes.plot(labels, [p.accuracy for p in points], marker="o", label=f"{accuracy_of} on {_named(name)}")
        if several:
            axes.plot(labels, [p.micro_f1 or 0.0 for p in points], marker="s", label="micro-F1 on it")
        axes.plot(labels, [p.macro_f1 for p in points], marker=".", linestyle="--", label="macro-F1 on it")
    if audits:
        accuracy = [a.accuracy for a in audits]
        reach = [[a.accuracy - a.low for a in audits], [a.high - a.accuracy for a in audits]]
        axes.errorbar(
            [a.labels for a in audits],
            accuracy,
            reach,
            marker="s",
            capsize=3,
            label="accuracy on the pool, by audit (95 %)",
        )
    axes.set_title(title, parse_math=False)
    axes.set(xlabel="labels", ylim=(0, 1))
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", dpi=144)
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}): give another file") from error
    finally:
        pyplot.close(figure)
