"""`labelloop what-if`: simulate another query strategy on the labelled texts."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options_from_model import project_options
from labelloop.config.locations import Where
from labelloop.errors import Unavailable, UserError, counted
from labelloop.projects.options import ProjectOptions

if TYPE_CHECKING:
    from labelloop.loop.figures import Point
    from labelloop.loop.state import LoopState
    from labelloop.projects.what_if import Comparison
    from labelloop.store import Store
    from schemas.events import ProjectCreated


@click.command("what-if", context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@project_options("what-if")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Number of runs, each with another random seed.",
)
@options.as_json
def what_if(
    where: Where, project: str | None, given_options: ProjectOptions, seeds: int, as_json: bool
) -> None:
    """Simulate a project with another query strategy, on the texts that people labelled.

    `labelloop what-if --strategy random-sampling`

    `labelloop what-if --strategy prediction-entropy --classifier linear --seeds 10`

    Nobody is asked anything, and the project does not change. The first batches are drawn at random. With
    another classifier or model, the curves differ by that as well: it is said under them.
    """
    asyncio.run(_what_if(where, project, given_options, seeds, as_json))


async def _what_if(
    where: Where, project: str | None, given_options: ProjectOptions, seeds: int, as_json: bool
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.loop import figures
    from labelloop.loop.labels import current
    from labelloop.loop.pools import pool_of
    from labelloop.loop.settings_in_force import for_next
    from labelloop.projects.catalog import sound
    from labelloop.projects.change import with_options
    from labelloop.projects.simulated_loop import SIMULATED
    from labelloop.projects.what_if import Comparison, differences, pickers
    from schemas.model import replaced

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        now = for_next(state)
        other = with_options(now, given_options, pool_of(state).size)
        runs = [await _played(opened_log.store, state, other, seed) for seed in range(seeds)]
    differing = differences(state, replaced(other, **SIMULATED))
    labels, recorded = len(current(state)), figures.curve(state)
    compared = Comparison(pickers(state), now, other, labels, recorded, runs, differing)
    echo(json.dumps(compared.as_dict()) if as_json else what_if_text(compared))
    await asyncio.to_thread(_keep, opened_log.store, state.project_id, compared)


def _keep(store: "Store", project_id: str, compared: "Comparison") -> None:
    """Leave the curve in the store, where the dashboard draws it beside the recorded one."""
    from labelloop.projects.what_if import kept
    from labelloop.store import what_if_uri

    uri = what_if_uri(project_id)
    try:
        store.note(uri, kept(store.noted(uri), compared), replaces=True)
    except (Unavailable, UserError, OSError) as error:
        echo(f"the dashboard will not show it: {store.address(uri)} cannot be written ({error})", err=True)


async def _played(store: "Store", state: "LoopState", other: "ProjectCreated", seed: int) -> "list[Point]":
    from labelloop.config.service_settings import default_threads
    from labelloop.learner.worker import Worker
    from labelloop.loop.labels import current
    from labelloop.projects.simulated_loop import SimulatedLoop, played

    threads, points = default_threads(), []
    project = played(other, current(state), seed)
    scratch = tempfile.TemporaryDirectory(prefix="labelloop-")
    with scratch as folder, closing(Worker(threads)) as worker:
        async for point in SimulatedLoop(worker, store, threads, state, Path(folder)).run(project):
            if sys.stderr.isatty():
                echo(
                    f"seed {seed}: {counted(point.labels, 'label')}, accuracy {point.accuracy:.3f}", err=True
                )
            points.append(point)
    return points


def what_if_text(comparison: "Comparison") -> str:
    """A row for each number of labels, the curves, and what can be concluded from them."""
    from labelloop.cli.curve import draw_two

    real, other = comparison.picked_by, comparison.other.strategy.name
    recorded = {point.labels: f"{point.accuracy:.3f}" for point in comparison.recorded}
    spreads = comparison.spreads()
    title = f"{other}, mean of {len(comparison.runs)} (lowest … highest)"
    rows = [f"{'labels':>8}  {'recorded':>8}  {title}"]
    for labels in sorted({*recorded, *spreads}):
        low, mean, high = spreads.get(labels, (None, None, None))
        played = f"{mean:.3f}  ({low:.3f} … {high:.3f})" if mean is not None else "-"
        rows.append(f"{labels:>8}  {recorded.get(labels, '-'):>8}  {played}")
    curves = draw_two(comparison.recorded, comparison.mean(), comparison.real.name)
    marks = f"● recorded, picked by {real}   ○ simulated, picked by {other}"
    return "\n".join([*rows, curves, marks, "", *_differing(comparison), _reach(comparison)])


def _differing(comparison: "Comparison") -> Iterator[str]:
    """What else than the strategy may make the curves differ."""
    if not comparison.differences:
        return
    yield "Not only the strategy may make the curves differ:"
    for each in comparison.differences:
        yield f"  {each.setting}: {each.recorded} (recorded), {each.simulated} (simulated)"
    real, other = comparison.real, comparison.other
    if (real.classifier, real.model) != (other.classifier, other.model):
        yield "To compare strategies alone, leave out --classifier and --model."
    yield ""


def _reach(comparison: "Comparison") -> str:
    real, other = comparison.picked_by, comparison.other.strategy.name
    end = ", and all curves end with the same labels" if comparison.ends_alike else ""
    return (
        f"This shows how fast {other} would have learned from the {comparison.labels} labelled texts.\n"
        f"It does not show what {other} would have found in the rest of the pool: {real} picked\n"
        f"these texts{end}. If the curves differ by more than the runs\n"
        "differ among themselves, try it for real: labelloop fork"
    )
