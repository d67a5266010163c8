"""`labelloop curve`: accuracy over labels."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.config.locations import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from schemas.events import ProjectCreated


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--png", type=click.Path(path_type=Path), help="Also save the curve to this PNG file.")
@options.as_json
def curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:
    """Draw the learning curve: accuracy by number of labels, on the test set and as estimated by audits.

    `labelloop curve --png curve.png`
    """
    asyncio.run(_curve(where, project, png, as_json))


async def _curve(where: Where, project: str | None, png: Path | None, as_json: bool) -> None:
    from dataclasses import asdict

    from labelloop.cli import plots
    from labelloop.cli.opened import opened_project
    from labelloop.loop import figures
    from labelloop.loop.settings import for_next
    from labelloop.projects.catalog import name_of, sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    points, audits = figures.curve(state), figures.audits(state)
    if png is not None and (points or audits):
        plots.draw_png(points, name_of(history), png, audits)
    if as_json:
        curves = {"curve": [asdict(point) for point in points], "audits": [asdict(audit) for audit in audits]}
        click.echo(json.dumps({"project": history.project, **curves}))
        return
    if points:
        click.echo(plots.draw_text(points, name_of(history)))
    if audits:
        click.echo(plots.draw_audits(audits, name_of(history)))
    if not (points or audits):
        _tell_why_none(history.project, for_next(state))


def _tell_why_none(name: str, project: "ProjectCreated") -> None:
    """Say why there is no curve yet. Raises UserError if there will never be one."""
    if project.test is None and not project.audit_share:
        raise UserError(
            f"{name} has neither a test set nor an audit share, so there is no curve: "
            "create a project with --test or --audit-share"
        )
    click.echo("no model has been evaluated or audited yet")
