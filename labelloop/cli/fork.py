"""`labelloop fork` and `labelloop change`: continue with other settings."""

import asyncio

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.options_from_model import project_options
from labelloop.config.deployment import GivenArgilla
from labelloop.config.locations import Where
from labelloop.errors import counted
from labelloop.projects.options import ProjectOptions


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("project")
@click.option("--as", "name", envvar="LABELLOOP_AS", required=True, help="Name of the new project.")
@click.option(
    "--batch",
    type=click.IntRange(0),
    help="Last batch to take over. [default: the newest finished one]",
)
@options.where
@project_options("fork")
def fork(project: str, name: str, batch: int | None, where: Where, given_options: ProjectOptions) -> None:
    """Start a new project from the labels of another one, up to a batch.

    `labelloop fork mail --as mail-entropy --batch 5 --strategy prediction-entropy`

    Settings that are not given are taken from the other project. The other project does not change.
    """
    asyncio.run(_fork(where, project, name, batch, given_options))


async def _fork(
    where: Where, project: str, name: str, batch: int | None, given_options: ProjectOptions
) -> None:
    from labelloop.cli.known_people import check_can_ask_twice
    from labelloop.cli.opened import opened_project
    from labelloop.projects.change import fork

    async with opened_project(where.find(), project) as (opened_log, history):
        await check_can_ask_twice(opened_log.locations.home, GivenArgilla(), given_options)
        log, histories, store = opened_log.log, opened_log.histories, opened_log.known_store
        new_project, batches, notes = await fork(log, histories, history, name, batch, given_options, store)
    for note in notes:
        tell(note)
    echo(f"project {new_project} starts with the labels of {counted(batches, 'batch')} of {history.project}")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("project")
@click.option(
    "--from-batch", type=click.IntRange(0), help="First batch with the new settings. [default: the next one]"
)
@options.where
@project_options("change")
@options.why
def change(
    project: str, from_batch: int | None, where: Where, given_options: ProjectOptions, why: str
) -> None:
    """Change settings of a project from a batch on, while it runs.

    `labelloop change mail --batch-size 50 --strategy prediction-entropy`

    A new classifier or base model takes effect with the model that is trained after that batch. Guidelines,
    annotators, a test set and a stopping criterion hold at once.
    """
    asyncio.run(_change(where, project, from_batch, given_options, why))


async def _change(
    where: Where, project: str, from_batch: int | None, given_options: ProjectOptions, why: str
) -> None:
    from labelloop.cli.known_people import check_can_ask_twice
    from labelloop.cli.opened import opened_project
    from labelloop.projects.change import change

    async with opened_project(where.find(), project) as (opened_log, history):
        await check_can_ask_twice(opened_log.locations.home, GivenArgilla(), given_options)
        store = opened_log.known_store
        changed = await change(opened_log.log, history, from_batch, given_options, why, store)
    for note in changed.notes:
        tell(note)
    for line in changed.lines(history.project):
        echo(line)
