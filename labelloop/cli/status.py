"""`labelloop status`: what runs, and how the projects stand."""

import asyncio
import json

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where
from labelloop.errors import UserError


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.as_json
def status(where: Where, as_json: bool) -> None:
    """Show each service's state, each project's batches, labels and accuracy, and where Argilla is.

    Exits with 2 when a project is halted.
    """
    asyncio.run(_status(where, as_json))


async def _status(where: Where, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.overview import overview
    from labelloop.supervisor.report import services_report

    async with opened(where.find()) as found:
        projects = [overview(history, found.places.known_store) for history in found.histories.values()]
        services = services_report(found.places)
    if as_json:
        click.echo(json.dumps({**services, "projects": projects}))
    else:
        from labelloop.cli.status_text import status_text

        click.echo(status_text(services, projects))
    halted = [str(project["halted"]) for project in projects if project["halted"]]
    if halted:
        raise UserError("; ".join(halted))
