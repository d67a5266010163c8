"""`labelloop annotators`: the accounts of people who label, and how much each labelled."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.known_people import known_people, roles_in
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home, existing_home, find_home
from labelloop.config.locations import Where
from labelloop.errors import counted, one_line

if TYPE_CHECKING:
    from labelloop.loop.history import History
    from labelloop.loop.state import Standing

GONE = "gone"
force = click.option("--force", is_flag=True, help="Do it though nobody else can answer.")
SUBMITTED = "submitted"
THERE, DISABLED, REMOVED = "there", "disabled", "removed"
NOTHING_SAID: "Mapping[str, Standing]" = MappingProxyType({})


@click.group(cls=click.RichGroup)
def annotators() -> None:
    """Create accounts for people who label, set new passwords, and list the accounts.

    `labelloop annotators add ada`
    """


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.where
@options.argilla
@options.as_json
def add(name: str, where: Where, argilla: GivenArgilla, as_json: bool) -> None:
    """Create an account and print its password. The password is shown only once."""
    asyncio.run(_add(name, where, argilla, as_json))


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


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.where
@options.argilla
@options.why
@force
def disable(name: str, where: Where, argilla: GivenArgilla, why: str, force: bool) -> None:
    """Let a person answer no more. Sessions end at once; the answers stay and count.

    `labelloop annotators disable ada --why "on leave"`
    """
    asyncio.run(_close(name, DISABLED, where, argilla, why, force))


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.where
@options.argilla
@options.why
def enable(name: str, where: Where, argilla: GivenArgilla, why: str) -> None:
    """Let a person who was disabled answer again, with the same password."""
    asyncio.run(_enable(name, where, argilla, why))


@annotators.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("name")
@options.where
@options.argilla
@options.why
@force
def remove(name: str, where: Where, argilla: GivenArgilla, why: str, force: bool) -> None:
    """Remove a person's account. Sessions end at once; the answers stay and count.

    Nothing makes the account again but `labelloop annotators add`.
    """
    asyncio.run(_close(name, REMOVED, where, argilla, why, force))


@annotators.command("list", context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.argilla
@options.as_json
def list_(where: Where, argilla: GivenArgilla, as_json: bool) -> None:
    """List who has labelled in this log, with how many labels, and who can label now.

    Where Argilla runs, its accounts are listed too, and people whose account is gone are marked.
    """
    asyncio.run(_list(where, argilla, as_json))


async def _add(name: str, where: Where, argilla_options: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
    from labelloop.projects.own_annotators import LONGEST

    if len(name) > LONGEST or not name.isprintable():
        raise UserError(
            f"the name {name[:LONGEST]!a} is longer than {LONGEST} characters, or has some that no "
            "line shows: give another name"
        )
    async with known_people(where, argilla_options, must_reach=True) as people:
        assert people.argilla is not None
        assert people.access is not None
        closed = people.closed(name)
        if closed == DISABLED:
            raise UserError(f"{name} was disabled: run `labelloop annotators enable {name}`")
        account = await people.argilla.create_annotator(name, DEFAULT_WORKSPACE)
        chosen = account.password
        if closed is not None:
            # Whoever knows the old password must not log in by it.
            chosen = chosen or await people.argilla.new_password(name)
            await people.say(name, THERE)
        page = people.access.page
    if chosen is None:
        raise UserError(
            f"{name} already has an account: give another name, or run `labelloop annotators password {name}`"
        )
    _show(name, chosen, page, as_json)


async def _close(name: str, word: str, where: Where, given: GivenArgilla, why: str, forced: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.projects.people import check_known, check_others_can_answer, stuck

    async with known_people(where, given, must_reach=False) as people:
        check_known(name, people.histories, people.roles)
        if word == DISABLED and people.closed(name) == REMOVED:
            raise UserError(f"{name} was removed already, and cannot log in: nothing was changed")
        if not forced:
            check_others_can_answer(name, people.histories, people.roles)
        await people.say(name, word, why)
        is_elsewhere = people.argilla is not None and await people.argilla.standings() is None
    tell(f"{name} is {word}: the answers stay, and count as before")
    if people.unasked is not None:
        tell(f"Argilla does not answer, so it holds once the services run: {people.unasked}", err=True)
    elif is_elsewhere:
        tell(
            f"{name} sees no project in this Argilla any more, but can still log in: "
            "only the Argilla that comes with labelloop can refuse that"
        )
    async with known_people(where, given, must_reach=False) as after:
        for project, history in after.histories.items():
            if waits := stuck(history, after.histories, after.roles):
                tell(f"note: {project}: {waits.line}; `labelloop status` says what can be done", err=True)


async def _enable(name: str, where: Where, given: GivenArgilla, why: str) -> None:
    from labelloop.errors import UserError
    from labelloop.projects.people import check_known

    async with known_people(where, given, must_reach=False) as people:
        check_known(name, people.histories, people.roles)
        closed = people.closed(name)
        if closed != DISABLED:
            hint = (
                f"it was removed: run `labelloop annotators add {name}`" if closed else "nothing was changed"
            )
            raise UserError(f"{name} is not disabled: {hint}")
        await people.say(name, THERE, why)
    tell(f"{name} can answer again")


async def _password(name: str, home: Path, argilla_options: GivenArgilla, as_json: bool) -> None:
    from labelloop.errors import UserError
    from labelloop.oracle.argilla import Missing
    from labelloop.supervisor.argilla import reached

    async with reached(_home(home, argilla_options), argilla_options) as (argilla, access):
        try:
            if (await argilla.standings() or {}).get(name) == REMOVED:
                raise Missing(name)
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
    from labelloop.projects.catalog import standings

    async with opened(where.find()) as opened_log:
        roles, missing = await roles_in(opened_log.locations.home, argilla_options)
        people = who_labelled(opened_log.histories.values(), roles, standings(opened_log.histories))
    if missing is not None:
        tell(f"only the log is read, for accounts are not known: {missing}", err=True)
    if as_json:
        echo(json.dumps([asdict(person) for person in people]))
        return
    for person in people:
        standing = person.account if person.account in (GONE, DISABLED, REMOVED) else person.role or "-"
        echo(f"{one_line(person.username):<24} {standing:<10} {counted(person.labels, 'label'):>13}")


@dataclass(frozen=True)
class Annotator:
    """A person and the number of their labels in the log.

    `account` is gone if somebody labelled and has no account any more, and disabled or removed if the log
    says so. Otherwise it is unknown, and `role` None, if the accounts are unknown.
    """

    username: str
    role: str | None
    labels: int
    account: str


def who_labelled(
    histories: "Iterable[History]",
    roles: Mapping[str, str] | None,
    standings: "Mapping[str, Standing]" = NOTHING_SAID,
) -> list[Annotator]:
    """The accounts (`roles` by username; None: unknown) in their order, then the others who labelled."""
    labels = _labels(histories)
    others = "unknown" if roles is None else "gone"
    closed = {name: standing.word for name, standing in standings.items() if standing.is_barred}
    names = [*(roles or {}), *sorted({*labels, *closed} - set(roles or {}))]
    return [
        Annotator(
            name,
            (roles or {}).get(name) if closed.get(name) != REMOVED else None,
            labels[name],
            closed.get(name) or (THERE if name in (roles or {}) else others),
        )
        for name in names
    ]


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
