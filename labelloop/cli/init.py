"""`labelloop init` and `labelloop import`: create a project, also from labels that there are."""

import asyncio
import json
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options, options_from_file
from labelloop.cli.echo import echo, tell
from labelloop.cli.options_from_model import project_options
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home, leaving_none_empty
from labelloop.config.locations import Where
from labelloop.projects.options import ProjectOptions

if TYPE_CHECKING:
    from labelloop.projects.answered import AnsweredTexts


NO_ARGILLA = GivenArgilla()


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@project_options("init")
@options_from_file.file
@click.option(
    "--log-only",
    is_flag=True,
    help="Make the log, if there is none, and no project: for services that start before the first one.",
)
@options.argilla
@options.as_json
def init(
    where: Where, given_options: ProjectOptions, log_only: bool, argilla: GivenArgilla, as_json: bool
) -> None:
    """Create a project in a home or in another log. Services may already be running.

    `labelloop init --dataset mail.csv --text-column body --labels spam,ham`

    `labelloop init --file project.yaml`

    `labelloop init --argilla-dataset team/mail --argilla-url https://argilla.example.org`
    """
    with leaving_none_empty(where.home):
        asyncio.run(
            _make_log(where, given_options, as_json)
            if log_only
            else make(where, given_options, as_json, argilla)
        )


async def _make_log(where: Where, given_options: ProjectOptions, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.projects.log_creation import make_log
    from labelloop.projects.options import flag

    if given_options.given_names:
        raise UserError(
            f"--log-only makes no project: leave out {flag(sorted(given_options.given_names)[0])}"
        )
    locations = where.make()
    is_new = await make_log(locations)
    if as_json:
        echo(json.dumps({"log": locations.log, "new": is_new}))
    else:
        echo(f"the log {locations.log} {'was made' if is_new else 'is there'}")


async def make(
    where: Where, given_options: ProjectOptions, as_json: bool, argilla: GivenArgilla = NO_ARGILLA
) -> None:
    """Create the requested project and report it. Raises UserError."""
    from labelloop.cli.known_people import check_can_ask_twice
    from labelloop.cli.opened import opened_for_projects
    from labelloop.cli.screen import Screen
    from labelloop.projects.create import ensure_project
    from labelloop.supervisor.lock import holder

    async with opened_for_projects(where.make()) as opened_log:
        await check_can_ask_twice(opened_log.locations.home, argilla, given_options)
        with Screen(stderr=True) as screen:
            answered = None
            if given_options.argilla_dataset is not None:
                screen.tell(f"reading the data set {given_options.argilla_dataset}")
                answered = await _answered(opened_log.locations.home, argilla, given_options.argilla_dataset)
            ensured = await ensure_project(
                opened_log.store,
                opened_log.log.make,
                opened_log.histories,
                given_options,
                tries_model=True,
                tell=screen.tell,
                answered=answered,
            )
    if as_json:
        echo(json.dumps({"project": ensured.project, "new": ensured.is_new, "notes": ensured.notes}))
        return
    for note in ensured.notes:
        tell(note)
    found_as = "was created" if ensured.is_new else "already exists with these settings"
    echo(f"project {ensured.project} {found_as}")
    home = opened_log.locations.home
    if home is not None and holder(home.run):
        echo("the running services work on it")
    else:
        tell(
            "start it with `labelloop up`"
            if opened_log.locations.has_own_log
            else f"it is in {opened_log.locations.log}"
        )


async def _answered(home: Home | None, argilla_options: GivenArgilla, address: str) -> "AnsweredTexts":
    from labelloop.oracle.argilla.foreign import read_foreign
    from labelloop.supervisor.argilla import reached

    async with reached(home, argilla_options) as (argilla, _):
        return await read_foreign(argilla, address)


@click.command("import", context_settings=options.FROM_ENVIRONMENT)
@options.where
@project_options("import")
@options_from_file.file
@options.as_json
def import_(where: Where, given_options: ProjectOptions, as_json: bool) -> None:
    """Create a project from labels that you already have. They become batch 0, which the model learns first.

    LABELS is a file, a folder or a Hub id, like --dataset, or an export of another project. Without --dataset
    it is the data set too: people are asked for its texts that have no label.

    `labelloop import mail.csv --text-column body --label-column kind`

    `labelloop import labels.csv --dataset mail.csv --text-column body`

    `labelloop import labels.csv --dataset mail.csv --match id`
    """
    with leaving_none_empty(where.home):
        asyncio.run(make(where, given_options, as_json))
