"""`labelloop add`: further texts for a project."""

import asyncio
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.options_from_model import project_options
from labelloop.config.locations import Where
from labelloop.projects.options import ProjectOptions

if TYPE_CHECKING:
    from labelloop.loop.state import LoopState


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("project")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.PathOrName())
@options.where
@project_options("add")
@options.why
def add(project: str, files: tuple[str, ...], where: Where, asked: ProjectOptions, why: str) -> None:
    """Add texts to a project's pool, while it runs. Texts that it has are left out.

    FILE is a file, a folder or a Hub id, like --dataset of `labelloop init`, with the project's columns. To
    add a file again changes nothing.

    `labelloop add mail may.csv june.csv`
    """
    asyncio.run(_add(where, project, files, asked, why))


async def _add(where: Where, project: str, files: tuple[str, ...], asked: ProjectOptions, why: str) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.screen import Screen
    from labelloop.projects.grow import grow

    async with opened_project(where.find(), project) as (opened_log, history):
        with Screen(stderr=True) as screen:
            grown = await grow(opened_log.log, history, opened_log.store, files, asked, why, screen.tell)
    for note in grown.notes:
        tell(note)
    for line in lines(grown.state, grown.texts):
        echo(line)


def lines(state: "LoopState", texts: int) -> Iterator[str]:
    """What the pool is after so many texts were added, and whether the project asks for them."""
    from labelloop.loop.pools import pool_of
    from labelloop.loop.schedule import is_last_queried
    from labelloop.loop.settings_in_force import for_next
    from labelloop.projects.given_batches import batches_to_ask

    size = pool_of(state).size
    if not texts:
        yield f"nothing changes: {state.project_id} has {size:,} texts, as before"
        return
    first = state.grown[-1].from_batch
    more = f"{texts:,} more text{'s' * (texts > 1)}"
    yield f"{state.project_id} has {more} from batch {first} on, {size:,} in all"
    if is_last_queried(state):
        most = batches_to_ask(for_next(state)) or 0
        yield (
            f"it asks for none of them, as it has all of its {most} batches: "
            f"`labelloop change {shlex.quote(state.project.name)} --batches {2 * most}` continues it"
        )
