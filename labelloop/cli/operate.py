"""`labelloop pause`, `resume`, `close`, `end`, `skip`: an operator's requests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.locations import Where

Answer = TypeVar("Answer")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def pause(where: Where, project: str | None, why: str) -> None:
    """Pick no new batches for now. Labels are still recorded and learned.

    `labelloop pause --project mail --why "new guidelines"`
    """
    from labelloop.projects import operator_requests

    _ask(where, project, lambda log, history: operator_requests.pause(log, history, why))
    tell("paused: continue with `labelloop resume`")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def resume(where: Where, project: str | None, why: str) -> None:
    """Pick batches again after a pause."""
    from labelloop.projects import operator_requests

    _ask(where, project, lambda log, history: operator_requests.resume(log, history, why))
    echo("resumed")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("batch")
@options.where_and_project
@options.why
def close(batch: str, where: Where, project: str | None, why: str) -> None:
    """Finish a batch with the labels it has. Its undecided texts go back to the pool.

    `labelloop close 3`
    """
    from labelloop.projects import operator_requests

    async def ask(log: Any, history: Any) -> int:
        await operator_requests.close(log, history, batch, why)
        return operator_requests.undecided(history.state, batch)

    echo(f"batch {batch} is closed{_returning(_ask(where, project, ask))}")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.why
def end(where: Where, project: str | None, why: str) -> None:
    """End a project for good. No further batch is picked; the last labels are recorded and learned.

    Undecided texts of open batches go back to the pool, and leave Argilla.
    """
    from labelloop.projects import operator_requests
    from labelloop.projects.next_steps import Ending, ending

    async def ask(log: Any, history: Any) -> tuple[bool, int]:
        was_finished = ending(history) == Ending.FINISHED
        await operator_requests.end(log, history, why)
        return was_finished, operator_requests.undecided(history.state)

    was_finished, returning = _ask(where, project, ask)
    finished = " (it was finished already; now `labelloop change` cannot continue it)" if was_finished else ""
    tell(f"ended{finished}{_returning(returning)}: get the labels with `labelloop export`")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("event")
@options.where
@options.why
def skip(event: str, where: Where, why: str) -> None:
    """Let a halted project continue without the event that halts it. The event is ignored for good.

    EVENT is its id, or its place (`5:52` for partition 5, offset 52); `labelloop status` prints both:

    `labelloop skip 7c9e6679-7425-40de-944b-e07fc1f90ae7 --why "cut off by a full disk"`

    If the work behind the event is still due, the services do it again.
    """
    asyncio.run(_skip(event, where, why))


async def _skip(event: str, where: Where, why: str) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects import operator_requests

    async with opened(where.find()) as opened_log:
        history = operator_requests.halted_at(opened_log.histories, event)
        await operator_requests.skip(opened_log.log, history, why)
    echo(f"{history.project} continues without {event}")


def _returning(texts: int) -> str:
    if not texts:
        return ""
    return f", and {texts} {'text goes' if texts == 1 else 'texts go'} back to the pool, undecided so far"


def _ask(where: Where, project: str | None, ask: Callable[[Any, Any], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        from labelloop.cli.opened import opened_project

        async with opened_project(where.find(), project) as (opened_log, history):
            return await ask(opened_log.log, history)

    return asyncio.run(run())
