"""`labelloop list`: the projects of a log."""

import asyncio
import json
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.config.locations import Where
from labelloop.errors import one_line

if TYPE_CHECKING:
    from labelloop.projects.summary import Summary


@click.command("list", context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.as_json
def list_(where: Where, as_json: bool) -> None:
    """List the projects, one a line: name, id, labels, open batches, and whether it goes on.

    `labelloop status` tells more of each, and of the services.
    """
    asyncio.run(_list(where, as_json))


async def _list(where: Where, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.summary import summarized

    async with opened(where.find()) as opened_log:
        projects = [summarized(history) for history in opened_log.histories.values()]
    if as_json:
        click.echo(json.dumps([_facts(project) for project in projects]))
        return
    for project in projects:
        click.echo(_line(project))
    if not projects:
        click.echo("there is no project yet: create one with `labelloop init --dataset FILE --labels a,b`")


def _facts(project: "Summary") -> dict[str, object]:
    return {
        "project": project.project,
        "name": project.name,
        "labels": len(project.progress.labels),
        "open": len(project.progress.open),
        "pool": project.progress.pool,
        "standing": project.standing,
    }


def _line(project: "Summary") -> str:
    progress = project.progress
    name = one_line(project.name)
    return (
        f"{name:<20} {project.project:<28} {len(progress.labels):>6} of {progress.pool} texts labelled, "
        f"{len(progress.open)} batches open, {project.standing}"
    )
