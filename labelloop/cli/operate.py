"""`labelloop pause`, `resume`, `close`, `end`, `skip`: what an operator asks of a project."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import rich_click as click

from labelloop.cli import options
from labelloop.config.where import Where


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def pause(where: Where, project: str | None, why: str) -> None:
    """Pick no new batches for now; what is labelled is still recorded and learned.

    `labelloop pause --project mail --why "new guidelines"`
    """
    from labelloop.projects import operate

    _ask(where, project, lambda log, history: operate.pause(log, history, why))
    click.echo("paused: go on with `labelloop resume`")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def resume(where: Where, project: str | None, why: str) -> None:
    """Pick batches again after a pause."""
    from labelloop.projects import operate

    _ask(where, project, lambda log, history: operate.resume(log, history, why))
    click.echo("resumed")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("batch")
@options.where_and_project
@options.why
def close(batch: str, where: Where, project: str | None, why: str) -> None:
    """Take a batch as done with what is there; its undecided texts go back to the pool.

    `labelloop close 3`
    """
    from labelloop.projects import operate

    _ask(where, project, lambda log, history: operate.close(log, history, batch, why))
    click.echo(f"batch {batch} is closed")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def end(where: Where, project: str | None, why: str) -> None:
    """Pick no further batch, for good; what is labelled is recorded and learned once more."""
    from labelloop.projects import operate

    _ask(where, project, lambda log, history: operate.end(log, history, why))
    click.echo("ended: take the labels with `labelloop export`")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("event")
@options.where
@options.why
def skip(event: str, where: Where, why: str) -> None:
    """Let a project that is halted go on without the event that halts it, for good.

    EVENT is its id, or its place in the log, as `labelloop status` says them:

    `labelloop skip 7c9e6679-7425-40de-944b-e07fc1f90ae7 --why "cut off by a full disk"`

    What the event said is stated anew by the services where it is still due.
    """
    asyncio.run(_skip(event, where, why))


async def _skip(event: str, where: Where, why: str) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects import operate

    async with opened(where.find()) as opened_log:
        history = operate.halted_at(opened_log.histories, event)
        await operate.skip(opened_log.log, history, why)
    click.echo(f"{history.project} goes on without {event}")


def _ask(where: Where, project: str | None, ask: Callable[[Any, Any], Awaitable[None]]) -> None:
    async def run() -> None:
        from labelloop.cli.opened import opened_project

        async with opened_project(where.find(), project) as (opened_log, history):
            await ask(opened_log.log, history)

    asyncio.run(run())
