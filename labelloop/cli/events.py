"""`labelloop events`: what the log says."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where

if TYPE_CHECKING:
    from labelloop.log.base import Record


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--follow", is_flag=True, help="Go on with what is appended, until Ctrl-C.")
@click.option(
    "--json",
    "as_json",
    envvar="LABELLOOP_JSON",
    is_flag=True,
    help="One CloudEvent in structured JSON a line.",
)
def events(where: Where, project: str | None, follow: bool, as_json: bool) -> None:
    """Print the events of a log, or of one project, oldest first.

    `labelloop events --follow`

    `labelloop events --json | jq 'select(.type=="labelloop.ModelEvaluated.v1") | .data.accuracy'`
    """
    asyncio.run(_events(where, project, follow, as_json))


async def _events(where: Where, project: str | None, follow: bool, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.group import own_group
    from labelloop.projects.catalog import choose

    async with opened(where.find()) as found:
        wanted = choose(found.histories, project).project if project else None
        if not follow:
            async for record in found.log.read(wanted):
                _print(record, as_json)
            return
        async with found.log.follow(own_group()) as follower:
            async for record in follower:
                if wanted is None or (record.event and record.event.project == wanted):
                    _print(record, as_json)


def _print(record: "Record", as_json: bool) -> None:
    from labelloop.log.codec import to_structured

    event = record.event
    if event is None:
        click.echo(f"{record.offset}: no event, skipped: {record.problem}", err=True)
    elif as_json:
        click.echo(json.dumps(to_structured(event), ensure_ascii=False))
    else:
        about = _about(to_structured(event).get("data"))
        click.echo(f"{event.time:%Y-%m-%d %H:%M:%S}  {event.project}  {event.name:<17} {about}".rstrip())


def _about(data: Any) -> str:
    """What tells one event from the next: its batch or model, and the size of it."""
    if not isinstance(data, dict):
        return ""
    shown = (
        "batch",
        "revision",
        "model",
        "attempt",
        "service",
        "due",
        "labels",
        "accuracy",
        "error",
        "why",
        "reason",
    )
    said = [f"{name} {data[name]}" for name in shown if isinstance(data.get(name), str | int | float)]
    if isinstance(data.get("items"), list):
        said.append(f"{len(data['items'])} texts")
    return ", ".join(said)
