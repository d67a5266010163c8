"""`labelloop curve`: test accuracy over labels."""

import asyncio
import json
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where
from labelloop.errors import UserError


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--png", type=click.Path(path_type=Path), help="Draw it into this file as well.")
@options.as_json
def curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:
    """Draw the learning curve: accuracy on the test set by the number of labels.

    `labelloop curve --png curve.png`
    """
    asyncio.run(_curve(where, project, png, as_json))


async def _curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:
    from dataclasses import asdict

    from labelloop.cli import plots
    from labelloop.cli.opened import opened_project
    from labelloop.loop import figures
    from labelloop.projects.catalog import name_of, sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    points = figures.curve(state)
    if png is not None and points:
        plots.draw_png(points, name_of(history), png)
    if as_json:
        click.echo(json.dumps({"project": history.project, "curve": [asdict(point) for point in points]}))
    elif state.project is not None and state.project.test is None:
        raise UserError(
            f"{history.project} has no test set, so there is no curve: make a project with --test"
        )
    elif not points:
        click.echo("no model has been tested yet")
    else:
        click.echo(plots.draw_text(points, name_of(history)))
