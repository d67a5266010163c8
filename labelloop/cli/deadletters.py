"""`labelloop deadletters`: events that consumers could not handle."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.core import ParameterSource

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.locations import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.log.base import DeadLetter, Log

group = click.option("--group", help="Only dead letters of this consumer group, for example my_consumer.")
project = click.option("--project", help="Only dead letters of this project (name or id).")


@click.group(cls=click.RichGroup, invoke_without_command=True, context_settings=options.FROM_ENVIRONMENT)
@options.where
@group
@project
@click.option(
    "--all",
    "settled",
    is_flag=True,
    allow_from_autoenv=False,
    help="Include dead letters that have been handled since.",
)
@options.as_json
@click.pass_context
def deadletters(
    ctx: click.Context, where: Where, group: str | None, project: str | None, settled: bool, as_json: bool
) -> None:
    """List the events that a consumer could not handle, show one, or deliver them again.

    `labelloop deadletters --group my_consumer`

    `labelloop deadletters redrive my_consumer:3:117`
    """
    if ctx.invoked_subcommand is None:
        asyncio.run(_list(where, group, project, settled, as_json))
    elif any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ctx.params):
        raise UserError(f"give the options after {ctx.invoked_subcommand}")


@deadletters.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("letter")
@options.where
@options.as_json
def show(letter: str, where: Where, as_json: bool) -> None:
    """Show why LETTER could not be handled, and print its event as structured JSON."""
    asyncio.run(_show(letter, where, as_json))


@deadletters.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("letters", nargs=-1, metavar="[LETTER]...")
@click.option(
    "--all",
    "every",
    is_flag=True,
    allow_from_autoenv=False,
    help="Every dead letter, or every one of --group and --project.",
)
@options.where
@group
@project
@options.as_json
def redrive(
    letters: tuple[str, ...],
    every: bool,
    where: Where,
    group: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Deliver each LETTER to its consumer again: soon if the consumer runs, otherwise at its next start.

    `labelloop deadletters redrive --all --group my_consumer`
    """
    if every == bool(letters):
        raise UserError(
            "no dead letter is named: give their ids (`labelloop deadletters` lists them), or --all"
        )
    asyncio.run(_redrive(letters, where, group, project, as_json))


async def _list(where: Where, group: str | None, project: str | None, settled: bool, as_json: bool) -> None:
    from labelloop.log.base import DeadLetterStatus

    async with _opened(where) as log:
        letters = await _chosen(log, group, project)
    listed = [each for each in letters if settled or each.status is not DeadLetterStatus.SETTLED]
    if as_json:
        echo(json.dumps([facts(letter) for letter in listed]))
        return
    for letter in listed:
        echo(line(letter))
    if not listed:
        echo("no dead letters")


async def _show(named: str, where: Where, as_json: bool) -> None:
    from labelloop.log.codec import to_structured

    async with _opened(where) as log:
        letter = _named(await _chosen(log), named)
    event = to_structured(letter.event)
    if as_json:
        echo(json.dumps({**facts(letter), "event": event}, ensure_ascii=False))
    else:
        echo(f"{line(letter)}\n{json.dumps(event, ensure_ascii=False, indent=2)}")


async def _redrive(
    named: Collection[str], where: Where, group: str | None, project: str | None, as_json: bool
) -> None:
    from datetime import UTC, datetime

    from labelloop.log.base import DeadLetterStatus

    async with _opened(where) as log:
        candidates = await (_chosen(log) if named else _chosen(log, group, project))
        letters = [_named(candidates, name) for name in dict.fromkeys(named)] if named else candidates
        waiting = [letter for letter in letters if letter.status is not DeadLetterStatus.SETTLED]
        if len(waiting) < len(letters) and named:
            settled = next(letter.id for letter in letters if letter not in waiting)
            raise UserError(f"{settled} has already been handled: leave it out")
        now = datetime.now(UTC)
        dead = [letter for letter in waiting if letter.status is DeadLetterStatus.DEAD]
        await log.dead_letters.put(*(letter.redriven(now) for letter in dead))
    if as_json:
        echo(json.dumps({"redriven": [letter.id for letter in waiting]}))
        return
    for each, count in sorted(Counter(letter.group for letter in waiting).items()):
        echo(f"{each} will get {count} again: soon if it runs, otherwise at its next start")
    if not waiting:
        echo("no dead letters")


@asynccontextmanager
async def _opened(where: Where) -> AsyncIterator["Log"]:
    from labelloop.log import open_log

    log = open_log(where.find().log)
    try:
        yield log
    finally:
        await log.close()


async def _chosen(log: "Log", group: str | None = None, project: str | None = None) -> list["DeadLetter"]:
    """The dead letters of a group and a project. None means all. Raises UserError for an unknown project."""
    from labelloop.projects.catalog import choose, read_histories

    letters = (await log.dead_letters.read()).values()
    only_project = choose(await read_histories(log), project).project if project else None
    return [
        letter
        for letter in letters
        if group in (None, letter.group) and only_project in (None, letter.event.project)
    ]


def _named(letters: Collection["DeadLetter"], named: str) -> "DeadLetter":
    for letter in letters:
        if letter.id == named:
            return letter
    raise UserError(f"there is no dead letter {named}: `labelloop deadletters` lists them")


def line(letter: "DeadLetter") -> str:
    from labelloop.log.base import DeadLetterStatus

    status_words = {
        DeadLetterStatus.DEAD: "",
        DeadLetterStatus.REDRIVEN: "redelivery requested, ",
        DeadLetterStatus.SETTLED: "handled, ",
    }
    event = letter.event
    return (
        f"{letter.id}  {letter.time:%Y-%m-%d %H:%M:%S}  {event.project}  {event.name:<17} "
        f"{status_words[letter.status]}{letter.attempts} attempts, {letter.reason}"
    )


def facts(letter: "DeadLetter") -> dict[str, Any]:
    return {
        "letter": letter.id,
        "standing": letter.status,
        "time": letter.time.isoformat(),
        "group": letter.group,
        "project": letter.event.project,
        "event": letter.event.id,
        "type": letter.event.type,
        "partition": letter.partition,
        "offset": letter.offset,
        "attempts": letter.attempts,
        "reason": letter.reason,
    }
