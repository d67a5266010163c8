"""`labelloop run`: run a consumer plugin."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options import NameValue, parameters
from labelloop.config.locations import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.consumers.base import Consumer
    from labelloop.log import Log
    from labelloop.observe.service_status import ServiceStatus
    from labelloop.observe.settings import Observing

NOW = "now"


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("consumer", required=False)
@options.where
@click.option(
    "--group", help="Consumer group, under which the log keeps its position. [default: the consumer's own]"
)
@click.option(
    "--from",
    "start",
    envvar="LABELLOOP_FROM",
    type=click.Choice(("beginning", NOW)),
    help="Start over: from the first event, or only with new events. [default: where the group "
    "stopped; the first time, the first event]",
)
@click.option("--project", help="Only events of this project (name or id).")
@click.option("--once", is_flag=True, help="Handle the events that are there, then stop.")
@click.option(
    "--set",
    "settings",
    envvar="LABELLOOP_SET",
    multiple=True,
    type=NameValue(),
    help="Argument for the consumer's constructor, for example folder=labels.",
)
@click.option(
    "--list", "listing", envvar="LABELLOOP_LIST", is_flag=True, help="List the installed consumers."
)
@options.as_json
def run(
    consumer: str | None,
    where: Where,
    group: str | None,
    start: str | None,
    project: str | None,
    once: bool,
    settings: tuple[tuple[str, str], ...],
    listing: bool,
    as_json: bool,
) -> None:
    """Deliver the log's events to CONSUMER until Ctrl-C: the name of an installed consumer, or module:Class.

    `labelloop run --list`

    `labelloop run my_consumer:Hello --from now`

    `labelloop run parquet_labels --set folder=labels`
    """
    if listing:
        _list(as_json)
    elif consumer is None:
        raise UserError("no consumer is named: choose from `labelloop run --list`, or give module:Class")
    else:
        run_options = RunOptions(consumer, parameters(settings), group, start, project, once)
        signal = asyncio.run(_run(where, run_options))
        if once and signal is not None:
            sys.exit(128 + signal)


def _list(as_json: bool) -> None:
    from labelloop.consumers.runner import installed

    targets = {name: entry.target for name, entry in installed().items()}
    if as_json:
        echo(json.dumps(targets))
        return
    for name, value in targets.items():
        echo(f"{name}  {value}")
    if not targets:
        echo("no installed package provides a consumer")


@dataclass(frozen=True)
class RunOptions:
    """How to run a consumer."""

    named: str
    settings: Mapping[str, Any]
    group: str | None
    start: str | None
    project: str | None
    once: bool


async def _run(where: Where, run_options: RunOptions) -> int | None:
    """Returns the signal that stopped it, or None."""
    from labelloop.consumers.runner import find, make
    from labelloop.log import open_log
    from labelloop.observe.settings import Observing

    observing = Observing.from_environment()
    kind = find(run_options.named)
    locations = where.find()
    log = open_log(locations.log)
    try:
        consumer = make(run_options.named, kind, run_options.settings, locations.known_store)
        try:
            return await _give(
                log, consumer, run_options, observing, locations.home.run if locations.home else None
            )
        finally:
            consumer.close()
    finally:
        await log.close()


async def _give(
    log: "Log",
    consumer: "Consumer[Any]",
    run_options: RunOptions,
    observing: "Observing",
    folder: Path | None,
) -> int | None:
    from labelloop.consumers.runner import ConsumerHandler, group_of
    from labelloop.observe import logs
    from labelloop.projects.catalog import choose, read_histories
    from labelloop.runtime.process import keep

    only = choose(await read_histories(log), run_options.project).project if run_options.project else None
    group = group_of(type(consumer), run_options.group, only)
    if run_options.start is not None:
        await log.seek(group, at_end=run_options.start == NOW)
    echo(f"{group} gets the events of {f'the project {only}' if only else 'all projects'}")
    logs.configure(observing.json)
    handled = 0

    async def work(status: "ServiceStatus") -> None:
        nonlocal handled
        running = ConsumerHandler(log, consumer, group, status, only)
        try:
            await running.run(run_options.once)
        finally:
            handled = running.handled

    signal = await keep(group, work, observing, folder)
    echo(f"{group} has handled {handled} event{'' if handled == 1 else 's'}")
    return signal
