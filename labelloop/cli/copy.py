"""`labelloop copy`: move a project to another log."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.errors import counted

if TYPE_CHECKING:
    from labelloop.projects.move import LogSide

STORE = "LABELLOOP_STORE"


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@options.project
@click.option(
    "--from-store", help="The store that holds its texts now. [default: the home's, or LABELLOOP_STORE]"
)
@click.option("--to-store", help="The store to copy them to. [default: the home's, or LABELLOOP_STORE]")
@options.why
@options.as_json
def copy(
    source: str,
    target: str,
    project: str | None,
    from_store: str | None,
    to_store: str | None,
    why: str,
    as_json: bool,
) -> None:
    """Move a project with its whole history to another log. The same command moves it back.

    FROM and TO are each the URL of a log or the folder of a home. A home TO is made if it is not there.
    Services may keep running: those of FROM stop working on the project, and those of TO continue it. If the
    command is interrupted, run it again.

    `labelloop copy .labelloop kafka://host:9092/labelloop --project mail --to-store s3://bucket/labelloop`
    """
    asyncio.run(_copy(source, target, project, from_store, to_store, why, as_json))


async def _copy(
    source: str,
    target: str,
    project: str | None,
    from_store: str | None,
    to_store: str | None,
    why: str,
    as_json: bool,
) -> None:
    from labelloop.projects.move import move

    async with (
        _side(source, from_store, "--from-store") as source_side,
        _side(target, to_store, "--to-store", (source_side, project)) as target_side,
    ):
        moved = await move(source_side, target_side, project, why)
    if as_json:
        echo(json.dumps(asdict(moved)))
        return
    echo(f"{moved.project} now lives in {target_side.address}")
    echo(f"copied        {counted(moved.events, 'event')}, {counted(moved.snapshots, 'snapshot')} of texts")
    echo(f"digest there  {moved.target_digest}")
    echo(f"digest here   {moved.source_digest}")


@asynccontextmanager
async def _side(
    named: str, store: str | None, option: str, copied: "tuple[LogSide, str | None] | None" = None
) -> "AsyncIterator[LogSide]":
    """One of both. `copied`: the project that is copied here, for which a log is made if there is none."""
    from labelloop.config.environment import SERVICE
    from labelloop.config.locations import locations_of
    from labelloop.errors import UserError
    from labelloop.log import open_log
    from labelloop.projects.catalog import choose, read_histories
    from labelloop.projects.log_creation import is_there, make_log
    from labelloop.projects.move import LogSide
    from labelloop.store import Store, open_store

    locations = locations_of(named, make_home=copied is not None)
    store_url = store or locations.known_store or SERVICE.get(STORE)

    def opened() -> Store:
        if store_url is None:
            raise UserError(f"the store of {locations.log} is not known: give {option}, or set {STORE}")
        return open_store(store_url)

    if copied is not None:
        if not await is_there(locations.log):
            choose(await read_histories(copied[0].log), copied[1])
            opened()
        await make_log(locations)
    log = open_log(locations.log)
    try:
        yield LogSide(log, locations.log, opened)
    finally:
        await log.close()
