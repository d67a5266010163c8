"""`labelloop export`: the labels as a file."""

import asyncio
import json
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option(
    "--output",
    help="File to write, - for the terminal. [default: exports/<project>.jsonl in the home; "
    "without a home, the terminal]",
)
@click.option(
    "--format",
    "kind",
    envvar="LABELLOOP_FORMAT",
    type=click.Choice(("jsonl", "csv")),
    help="[default: by the file's ending]",
)
@options.as_json
def export(where: Where, project: str | None, output: str | None, kind: str | None, as_json: bool) -> None:
    """Write every text of a batch that is done: label, votes, who, agreement, row in your data set.

    Discarded texts are among them, marked as such.

    `labelloop export --output labels.csv`

    `labelloop export --output - | jq .label | sort | uniq -c`
    """
    asyncio.run(_export(where, project, output, kind, as_json))


async def _export(
    where: Where, project: str | None, output: str | None, kind: str | None, as_json: bool
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.catalog import sound
    from labelloop.projects.export import as_text, format_of, rows, write_rows

    async with opened_project(where.find(), project) as (found, history):
        table = list(rows(sound(history), found.store))
        home = found.places.home
        if output is None and home is not None:
            target = home.exports / f"{history.project}.{kind or 'jsonl'}"
        elif output is None or output == "-":
            click.echo(as_text(table, kind or "jsonl"), nl=False)
            return
        else:
            target = Path(output)
        write_rows(table, target, format_of(str(target), kind))
    labelled = sum(1 for row in table if row["labels"])
    if as_json:
        click.echo(
            json.dumps(
                {"project": history.project, "file": str(target), "rows": len(table), "labels": labelled}
            )
        )
    else:
        click.echo(f"{len(table)} texts, {labelled} of them labelled: {target}")
