"""`labelloop add`: further texts for a project."""

import asyncio
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.options_from_model import project_options
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted
from labelloop.projects.options import ProjectOptions, flag

if TYPE_CHECKING:
    from labelloop.loop.state import LoopState
    from labelloop.projects.grow import Grown

OF_FILES = ("config", "split", "revision", "no_header", "encoding")
"""Options that mean nothing for messages."""


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("project")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=options.PathOrName())
@options.where
@click.option(
    "--topic",
    help="In place of FILE: a Kafka topic, kafka://host:9092/topic, or its name on the log's own Kafka.",
)
@click.option(
    "--every",
    type=options.Duration(),
    default="10min",
    show_default=True,
    help="Of a topic: add what came at most so often, or as soon as the pool has run out of texts.",
)
@click.option("--until-end", is_flag=True, help="Of a topic: add what is there now, and end.")
@click.option(
    "--from",
    "start",
    envvar="LABELLOOP_FROM",
    type=click.Choice(("oldest", "newest")),
    help="Of a topic: where to begin. [default: where the project stopped; the first time, oldest]",
)
@project_options("add")
@options.why
def add(
    project: str,
    files: tuple[str, ...],
    where: Where,
    topic: str | None,
    every: timedelta,
    until_end: bool,
    start: str | None,
    given_options: ProjectOptions,
    why: str,
) -> None:
    """Add texts to a project's pool, while it runs. Texts that it has are left out.

    FILE is a file, a folder or a Hub id, like --dataset of `labelloop init`, with the project's columns. To
    add a file again changes nothing. With --topic it goes on until Ctrl-C, and continues where it stopped.

    `labelloop add mail may.csv june.csv`

    `labelloop add mail --topic kafka://host:9092/mail.incoming`
    """
    if (topic is None) == (not files):
        raise UserError("texts come from FILE or from --topic: give one of them")
    if topic is None:
        if until_end or start is not None:
            raise UserError("--until-end and --from are for a --topic: leave them out")
        asyncio.run(_add(where, project, files, given_options, why))
        return
    if unfit := [name for name in OF_FILES if name in given_options.given_names]:
        raise UserError(f"{flag(unfit[0])} is for files, and not for a --topic: leave it out")
    signal = asyncio.run(
        _stream(where, project, Streaming(topic, every, until_end, start), given_options, why)
    )
    if until_end and signal is not None:
        sys.exit(128 + signal)


async def _add(
    where: Where, project: str, files: tuple[str, ...], given_options: ProjectOptions, why: str
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.screen import Screen
    from labelloop.projects.grow import grow

    async with opened_project(where.find(), project) as (opened_log, history):
        with Screen(stderr=True) as screen:
            grown = await grow(
                opened_log.log, history, opened_log.store, files, given_options, why, screen.tell
            )
    _tell(grown)


@dataclass(frozen=True)
class Streaming:
    """Which topic to read, and how."""

    topic: str
    every: timedelta
    until_end: bool
    start: str | None


async def _stream(
    where: Where, project: str, streaming: Streaming, options: ProjectOptions, why: str
) -> int | None:
    """Returns the signal that stopped it, or None."""
    from labelloop.cli.opened import opened_project
    from labelloop.log.built_in import topic_reader
    from labelloop.observe import logs
    from labelloop.observe.service_status import ServiceStatus
    from labelloop.observe.settings import Observing
    from labelloop.projects.stream import Stream
    from labelloop.runtime.process import keep

    observing = Observing.from_environment()
    locations = where.find()
    reader = topic_reader(streaming.topic, locations.log)
    added = partial(_tell, is_portion=True)
    async with opened_project(locations, project) as (opened_log, history):
        stream = Stream(opened_log.log, history, opened_log.store, reader, options, why, added, tell)
        logs.configure(observing.json)

        async def work(status: ServiceStatus) -> None:
            await stream.begin(streaming.start)
            if streaming.until_end:
                await stream.until_end()
                return
            echo(f"{history.project} gets the messages of {reader.topic} until Ctrl-C")
            await stream.run(streaming.every, status)

        try:
            folder = locations.home.run if locations.home else None
            return await keep(f"topic.{reader.topic}", work, observing, folder)
        finally:
            await reader.close()


def _tell(grown: "Grown", is_portion: bool = False) -> None:
    """Tell what was added. Of many portions some bring nothing, which the notes say."""
    for note in grown.notes:
        tell(note)
    if grown.texts or not is_portion:
        for line in lines(grown.state, grown.texts):
            echo(line)


def lines(state: "LoopState", texts: int) -> Iterator[str]:
    """What the pool is after so many texts were added, and whether the project asks for them."""
    from labelloop.loop.pools import pool_of
    from labelloop.loop.schedule import is_last_queried
    from labelloop.loop.settings_in_force import batches_to_ask, for_next

    size = pool_of(state).size
    if not texts:
        yield f"nothing changes: {state.project_id} has {counted(size, 'text')}, as before"
        return
    first = state.grown[-1].from_batch
    more = counted(texts, "more text")
    yield f"{state.project_id} has {more} from batch {first} on, {size:,} in all"
    if is_last_queried(state):
        most = batches_to_ask(for_next(state)) or 0
        yield (
            f"it asks for none of them, as it has all of its {counted(most, 'batch')}: "
            f"`labelloop change {shlex.quote(state.project.name)} --batches {2 * most}` continues it"
        )
