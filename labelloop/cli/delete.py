"""`labelloop delete`: delete a project for good."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.deployment import GivenArgilla
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted

if TYPE_CHECKING:
    from labelloop.loop.history import History


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("project")
@options.where
@options.argilla
@options.why
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
def delete(where: Where, project: str, argilla: GivenArgilla, why: str, yes: bool, as_json: bool) -> None:
    """Delete a project for good: its events, texts, models, and its data set in Argilla with all answers.

    It asks first, and tells what stays. Stop a home before (`labelloop down`); services on Kafka may run, and
    leave the project alone from then on. A shared log keeps the events, which hold names and votes.

    `labelloop delete mail`
    """
    asyncio.run(_delete(where, project, argilla, why, yes, as_json))


async def _delete(where: Where, name: str, argilla: GivenArgilla, why: str, yes: bool, as_json: bool) -> None:
    from labelloop.log import open_log
    from labelloop.projects.catalog import choose, read_histories
    from labelloop.supervisor.deletion import check_deletable, stopped
    from labelloop.supervisor.deletion import delete as delete_project

    locations = where.find()
    with stopped(locations):
        log = open_log(locations.log)
        try:
            histories = await read_histories(log, with_deleted=True)
            history = choose(histories, name)
            await check_deletable(log, history)
            if not yes:
                _confirm(history, locations.log)
            deleted = await delete_project(
                locations, log, histories, history, argilla, why, lambda line: echo(line, err=True)
            )
        finally:
            await log.close()
    if as_json:
        echo(json.dumps(asdict(deleted)))
        return
    echo(f"deleted  {deleted.project}")
    for each in deleted.stays:
        echo(f"stays    {each}")


def _confirm(history: "History", log: str) -> None:
    """Raises UserError unless the person agrees."""
    from labelloop.loop.labels import current
    from labelloop.loop.state import LoopState

    state = history.state
    held = counted(len(history.datahashes), "event")
    if isinstance(state, LoopState):
        held = f"{held}, {counted(len(current(state)), 'label')}, {counted(len(state.models), 'model')}"
    question = f"Delete {history.project} ({held}) from {log}? It cannot be undone"
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise UserError("nothing was deleted: to delete it without a question, give --yes")
