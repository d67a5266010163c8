"""`labelloop what-if`: another query strategy on the texts that were labelled."""

import asyncio
import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where

if TYPE_CHECKING:
    from labelloop.loop.figures import Point
    from labelloop.loop.state import LoopState
    from labelloop.store import Store
    from schemas.events import ProjectCreated


@click.command("what-if", context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.changes()
@click.option(
    "--seeds", type=click.IntRange(1), default=5, show_default=True, help="How often, each with other draws."
)
@options.as_json
@click.pass_context
def what_if(
    ctx: click.RichContext, /, where: Where, project: str | None, seeds: int, as_json: bool, **values: Any
) -> None:
    """Play a project again by another query strategy, on the texts that people labelled.

    `labelloop what-if --strategy random-sampling`

    `labelloop what-if --strategy prediction-entropy --classifier linear --seeds 10`

    Nobody is asked anything, and the project stays as it is. The first batches are drawn at random.
    """
    asyncio.run(_what_if(where, project, options.gather(ctx, values), seeds, as_json))


async def _what_if(where: Where, project: str | None, asked: Any, seeds: int, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.what_if_text import what_if_text
    from labelloop.loop import figures
    from labelloop.loop.labels import current
    from labelloop.loop.settings import for_next, with_settings
    from labelloop.projects.catalog import sound
    from labelloop.projects.changing import settings_of
    from labelloop.projects.whatif import Comparison, pickers

    async with opened_project(where.find(), project) as (found, history):
        state = sound(history)
        now = for_next(state)
        other = with_settings(now, settings_of(now, asked))
        runs = [await _played(found.store, state, other, seed) for seed in range(seeds)]
    compared = Comparison(pickers(state), now, other, len(current(state)), figures.curve(state), runs)
    click.echo(json.dumps(compared.told()) if as_json else what_if_text(compared))


async def _played(store: "Store", state: "LoopState", other: "ProjectCreated", seed: int) -> "list[Point]":
    from labelloop.learner.worker import Worker
    from labelloop.loop.labels import current
    from labelloop.projects.whatif import Play, played
    from labelloop.settings import default_threads

    threads, points = default_threads(), []
    project = played(other, current(state), seed)
    scratch = tempfile.TemporaryDirectory(prefix="labelloop-")
    with scratch as folder, closing(Worker(threads)) as worker:
        async for point in Play(worker, store, threads, state, Path(folder)).run(project):
            if sys.stderr.isatty():
                click.echo(f"seed {seed}: {point.labels} labels, accuracy {point.accuracy:.3f}", err=True)
            points.append(point)
    return points
