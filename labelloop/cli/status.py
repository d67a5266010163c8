"""`labelloop status`: what runs, and how the projects stand."""

import asyncio
import json
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.errors import UserError


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.home
@options.as_json
def status(home: Path, as_json: bool) -> None:
    """Show each service's state, each project's batches, labels and accuracy, and where Argilla is.

    Exits with 2 when a project is halted.
    """
    asyncio.run(_status(home, as_json))


async def _status(path: Path, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.overview import overview
    from labelloop.supervisor.report import services_report

    async with opened(path) as found:
        projects = [overview(history, found.home.store) for history in found.histories.values()]
        services = services_report(found.home)
    if as_json:
        click.echo(json.dumps({**services, "projects": projects}))
    else:
        from labelloop.cli.status_text import status_text

        click.echo(status_text(services, projects))
    halted = [str(project["halted"]) for project in projects if project["halted"]]
    if halted:
        raise UserError("; ".join(halted))
