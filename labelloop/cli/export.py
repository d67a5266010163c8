"""`labelloop export`: write the labels to a file, a folder or a data set on the Hub."""

import asyncio
import json

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.output import Output, output_options
from labelloop.config.locations import Where
from labelloop.errors import counted
from labelloop.projects.formats import Table


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@output_options("<project>")
@options.as_json
def export(where: Where, project: str | None, output: Output, as_json: bool) -> None:
    """Export the texts of finished batches: label, votes, annotators, agreement, model, row in your data set.

    Discarded texts are included and marked as discarded. A new data set on the Hub is private. Beside a file
    or folder, NAME.log.json says from which log it was made: `labelloop replay --verify --expect` proves it.

    `labelloop export --output labels.csv`

    `labelloop export --output - | jq .label | sort | uniq -c`

    `labelloop export --output hf://user/mail-labels`

    `labelloop predict` labels the other texts.
    """
    asyncio.run(_export(where, project, output, as_json))


async def _export(where: Where, project: str | None, output: Output, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.catalog import sound
    from labelloop.projects.export import rows

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        table = list(rows(state, opened_log.store))
        placed = output.placed(opened_log.locations.home, history.project)
    placed.export(Table.of(table), history.project, state.log)
    if placed.is_terminal:
        return
    several = state.project.is_multi_label
    labelled = sum(1 for row in table if row["labels"] or (several and row["labels"] is not None))
    if as_json:
        facts = {"project": history.project, "file": placed.target, "format": placed.kind}
        echo(json.dumps({**facts, "log": state.log._asdict(), "rows": len(table), "labels": labelled}))
    else:
        echo(f"{counted(len(table), 'text')}, {labelled} of them labelled: {placed.target}")
        echo(f"from the log {state.log}")
