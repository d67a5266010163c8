"""`labelloop annotators`: the accounts of people who label."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home, existing_home, find_home
from labelloop.config.where import Where

if TYPE_CHECKING:
    from labelloop.loop.history import History


@click.group(cls=click.RichGroup)
def annotators() -> None:
    """Create accounts for people who label, set new passwords, and list the accounts.

    `labelloop annotators add ada`
    """


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.home
@options.argilla
@options.as_json
def add(name: str, home: Path, argilla: GivenArgilla, as_json: bool) -> None:
    """Create an account and print its password. The password is shown only once."""
    asyncio.run(_add(name, home, argilla, as_json))


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.home
@options.argilla
@options.as_json
def password(name: str, home: Path, argilla: GivenArgilla, as_json: bool) -> None:
    """Set a new password for an account and print it. The password is shown only once.

    Use it when someone forgot a password, or when an account was deleted in Argilla and created again.
    """
    asyncio.run(_password(name, home, argilla, as_json))


@annotators.command("list", context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.argilla
@options.as_json
def list_(where: Where, argilla: GivenArgilla, as_json: bool) -> None:
    """List who can label, and how many texts each of them has labelled in this log."""
    asyncio.run(_list(where, argilla, as_json))


async def _add(name: str, home: Path, given: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE
    from labelloop.supervisor.access import reached

    async with reached(_home(home, given), given) as (argilla, access):
        account = await argilla.create_annotator(name, DEFAULT_WORKSPACE)
    if account.password is None:
        raise UserError(
            f"{name} already has an account: give another name, or run `labelloop annotators password {name}`"
        )
    _show(name, account.password, access.url, as_json)


async def _password(name: str, home: Path, given: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla import Missing
    from labelloop.supervisor.access import reached

    async with reached(_home(home, given), given) as (argilla, access):
        try:
            chosen = await argilla.new_password(name)
        except Missing:
            raise UserError(
                f"there is no account {name}: create it with `labelloop annotators add {name}`"
            ) from None
    _show(name, chosen, access.url, as_json)


def _home(path: Path, given: GivenArgilla) -> Home | None:
    """The home. It must exist, unless the options name an external Argilla."""
    return find_home(path) if given.url else existing_home(path)


def _show(name: str, password: str, url: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"username": name, "password": password, "url": url}))
    else:
        click.echo(f"{name} can log in at {url}\n  user      {name}\n  password  {password}")
        click.echo("the password will not be shown again")


async def _list(where: Where, given: GivenArgilla, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.supervisor.access import reached

    async with opened(where.find()) as opened_log, reached(opened_log.locations.home, given) as (argilla, _):
        users = await argilla.users()
        counts = _counts(opened_log.histories.values())
    listed = [{"username": u.username, "role": u.role, "labels": counts.get(u.username, 0)} for u in users]
    if as_json:
        click.echo(json.dumps(listed))
        return
    for user in listed:
        click.echo(f"{user['username']:<24} {user['role']:<10} {user['labels']:>6} labels")


def _counts(histories: Iterable["History"]) -> dict[str, int]:
    from collections import Counter

    from labelloop.loop.history import all_created

    return Counter(
        vote.username
        for _, state in all_created(histories)
        for batch in state.batches.values()
        for answer in batch.answers
        for vote in answer.votes
        if vote.status == "submitted"
    )
