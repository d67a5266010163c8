"""`labelloop labels`: the labels of a project, and changes of them while people label."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.locations import Where
from labelloop.errors import counted, one_line

if TYPE_CHECKING:
    from labelloop.cli.opened import Opened
    from labelloop.loop.history import History
    from labelloop.projects.change_labels import ChangedLabels

    Change = Callable[[Opened, History], Awaitable[ChangedLabels]]


@click.group(cls=click.RichGroup)
def labels() -> None:
    """List the labels of a project, and add, rename or retire labels while people label.

    `labelloop labels add --project mail refund`

    `labelloop labels rename --project mail spam junk`
    """


@labels.command("list", context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.as_json
def list_(where: Where, project: str | None, as_json: bool) -> None:
    """List the labels, with how many texts have each."""
    asyncio.run(_list(where, project, as_json))


@labels.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("names", nargs=-1, required=True)
@options.where_and_project
@options.why
def add(names: tuple[str, ...], where: Where, project: str | None, why: str) -> None:
    """Add labels. People find their texts, with all answers, in a new data set that offers them.

    Texts that were labelled before keep their labels: ask again for some with `labelloop relabel`.
    """
    from labelloop.projects import change_labels

    asyncio.run(_change(where, project, lambda at, history: change_labels.add(at.log, history, names, why)))


@labels.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("old")
@click.argument("new")
@options.where_and_project
@options.why
def rename(old: str, new: str, where: Where, project: str | None, why: str) -> None:
    """Call a label otherwise. No answer changes, and people go on in the same data set."""
    from labelloop.projects import change_labels

    asyncio.run(
        _change(where, project, lambda at, history: change_labels.rename(at.log, history, old, new, why))
    )


@labels.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("names", nargs=-1, required=True)
@options.where_and_project
@click.option("--ask-again", is_flag=True, help="Ask people once more for the texts that have no label then.")
@options.why
def retire(names: tuple[str, ...], where: Where, project: str | None, ask_again: bool, why: str) -> None:
    """Take labels out. Texts that have no other label count as unlabelled from now on.

    People find the other texts, with all other answers, in a new data set without these labels.
    """
    from labelloop.projects import change_labels

    async def change(at: "Opened", history: "History") -> "ChangedLabels":
        return await change_labels.retire(at.log, history, names, ask_again, why, at.known_store)

    asyncio.run(_change(where, project, change))


async def _list(where: Where, project: str | None, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.loop.label_lists import label_list
    from labelloop.loop.labels import current
    from labelloop.projects.catalog import sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    listed, texts = label_list(state), current(state).values()
    counts = {name: sum(name in names_of_text for names_of_text in texts) for name in listed.names}
    if as_json:
        rows = [
            {"label": shown, "at_first": name, "retired": name in listed.retired, "texts": counts[name]}
            for name, shown in listed.called.items()
        ]
        echo(json.dumps({"project": history.project, "labels": rows}, ensure_ascii=False))
        return
    for name, shown in listed.called.items():
        before = f", {one_line(name)} at first" if name != shown else ""
        retired = ", retired" if name in listed.retired else ""
        echo(f"{one_line(shown):<20} {counted(counts[name], 'text'):>12}{before}{retired}")


async def _change(where: Where, project: str | None, change: "Change") -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.pool.label_cells import as_csv

    async with opened_project(where.find(), project) as (opened_log, history):
        changed = await change(opened_log, history)
    choices = list(changed.labels.choices.values())
    echo(f"the labels of {history.project} are {one_line(as_csv(choices))}")
    if changed.unlabelled:
        what_follows = "asked again" if changed.asked_again else "not asked again"
        echo(f"{counted(changed.unlabelled, 'text')} without a label from now on: {what_follows}")
    if changed.labels.place == changed.labels.number:
        tell("people go on in a new data set as soon as services work: `labelloop status` names it")
