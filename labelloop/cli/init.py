"""`labelloop init`: add a project to a home."""

import asyncio
import json
from pathlib import Path
from typing import Any

import rich_click as click

from labelloop.cli import options


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.home
@options.project_options
@options.as_json
@click.pass_context
def init(ctx: click.RichContext, /, home: Path, as_json: bool, **values: Any) -> None:
    """Add a project to a home, also to one that runs.

    `labelloop init --dataset mail.csv --text-column body --labels spam,ham`

    `labelloop init --file project.yaml`
    """
    asyncio.run(_init(home, options.gather(ctx, values), as_json))


async def _init(path: Path, asked: Any, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.home import open_home
    from labelloop.projects.create import ensure_project
    from labelloop.supervisor.lock import holder

    home = open_home(path)
    async with opened(home) as found:
        ensured = await ensure_project(home, found.log, found.histories, asked)
    if as_json:
        click.echo(json.dumps({"project": ensured.project, "new": ensured.is_new, "notes": ensured.notes}))
        return
    for note in ensured.notes:
        click.echo(note)
    click.echo(
        f"project {ensured.project} {'is made' if ensured.is_new else 'was there, with these settings'}"
    )
    click.echo("it is being served" if holder(home.run) else "start it with `labelloop up`")
