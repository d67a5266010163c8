"""`labelloop annotators`: the accounts of people who label, and how much each labelled."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home, existing_home, find_home
from labelloop.config.locations import Where
from labelloop.errors import one_line

if TYPE_CHECKING:
    from labelloop.loop.history import History

GONE = "gone"
SUBMITTED = "submitted"


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
    """List who has labelled in this log, with how many labels, and who can label now.

    Where Argilla runs, its accounts are listed too, and people whose account is gone are marked.
    """
    asyncio.run(_list(where, argilla, as_json))


async def _add(name: str, home: Path, argilla_options: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE
    from labelloop.supervisor.argilla import reached

    async with reached(_home(home, argilla_options), argilla_options) as (argilla, access):
        account = await argilla.create_annotator(name, DEFAULT_WORKSPACE)
    if account.password is None:
        raise UserError(
            f"{name} already has an account: give another name, or run `labelloop annotators password {name}`"
        )
    _show(name, account.password, access.page, as_json)


async def _password(name: str, home: Path, argilla_options: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla import Missing
    from labelloop.supervisor.argilla import reached

    async with reached(_home(home, argilla_options), argilla_options) as (argilla, access):
        try:
            chosen = await argilla.new_password(name)
        except Missing:
            raise UserError(
                f"there is no account {name}: create it with `labelloop annotators add {name}`"
            ) from None
    _show(name, chosen, access.page, as_json)


def _home(path: Path, argilla_options: GivenArgilla) -> Home | None:
    """The home. It must exist, unless the options name an external Argilla."""
    return find_home(path) if argilla_options.url else existing_home(path)


def _show(name: str, password: str, url: str, as_json: bool) -> None:
    if as_json:
        echo(json.dumps({"username": name, "password": password, "url": url}))
    else:
        echo(f"{name} can log in at {url}\n  user      {name}\n  password  {password}")
        echo("the password will not be shown again")


async def _list(where: Where, argilla_options: GivenArgilla, as_json: bool) -> None:
    from labelloop.cli.opened import opened

    async with opened(where.find()) as opened_log:
        roles, missing = await _roles(opened_log.locations.home, argilla_options)
        people = who_labelled(opened_log.histories.values(), roles)
    if missing is not None:
        tell(f"only the log is read, for accounts are not known: {missing}", err=True)
    if as_json:
        echo(json.dumps([asdict(person) for person in people]))
        return
    for person in people:
        shown_role = person.role or (GONE if person.account == GONE else "-")
        echo(f"{one_line(person.username):<24} {shown_role:<10} {person.labels:>6} labels")


async def _roles(
    home: Home | None, argilla_options: GivenArgilla
) -> tuple[dict[str, str] | None, str | None]:
    """The roles of Argilla's users by name; None and why if it cannot be asked and was not named."""
    from labelloop.errors import Unavailable, UserError
    from labelloop.supervisor.argilla import reached

    try:
        async with reached(home, argilla_options) as (argilla, _):
            return {user.username: user.role for user in await argilla.users()}, None
    except (UserError, Unavailable) as error:
        if argilla_options.url is not None:
            raise
        return None, str(error)


@dataclass(frozen=True)
class Annotator:
    """A person and the number of their labels in the log.

    `account` is gone if somebody labelled and has no account any more. It is unknown, and `role` None, if the
    accounts are unknown.
    """

    username: str
    role: str | None
    labels: int
    account: Literal["there", "gone", "unknown"]


def who_labelled(histories: "Iterable[History]", roles: Mapping[str, str] | None) -> list[Annotator]:
    """The accounts (`roles` by username; None: unknown) in their order, then the others who labelled."""
    labels = _labels(histories)
    present = [Annotator(name, role, labels[name], "there") for name, role in (roles or {}).items()]
    account: Literal["gone", "unknown"] = "unknown" if roles is None else "gone"
    others = sorted(name for name in labels if name not in (roles or {}))
    return [*present, *(Annotator(name, None, labels[name], account) for name in others)]


def _labels(histories: "Iterable[History]") -> Counter[str]:
    """The number of labels by username. Who only discarded has 0."""
    from labelloop.loop.history import all_created

    counts: Counter[str] = Counter()
    for _, state in all_created(histories):
        for batch in state.batches.values():
            for answer in batch.answers:
                for vote in answer.votes:
                    counts[vote.username] += vote.status == SUBMITTED
    return counts
