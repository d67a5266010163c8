"""`labelloop export`: write the labels to a file, a folder or a data set on the Hub."""

import asyncio
import json
import sys

import rich_click as click

from labelloop.atomic import restrict
from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options import PathOrName
from labelloop.config.home import Home
from labelloop.config.locations import Where
from labelloop.errors import UserError, shown
from labelloop.projects.formats import (
    FORMATS,
    TEXTS,
    as_text,
    ending,
    format_of,
    formula_cells,
    write_origin,
    write_rows,
)

TERMINAL = "-"
CSV = "csv"


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option(
    "--output",
    type=PathOrName(),
    help="File or folder to write, hf://user/name, or - for the terminal. [default: exports/<project>.jsonl "
    "in the home; without a home, the terminal]",
)
@click.option(
    "--format",
    "kind",
    envvar="LABELLOOP_FORMAT",
    type=click.Choice(FORMATS),
    help="Format. datasets writes a save_to_disk folder, hub a data set on the Hub. [default: by --output]",
)
@click.option(
    "--safe-for-spreadsheets",
    is_flag=True,
    help="In CSV, put ' before what a spreadsheet would run as a formula. labelloop reads the file as if it "
    "were not there.",
)
@options.as_json
def export(
    where: Where,
    project: str | None,
    output: str | None,
    kind: str | None,
    safe_for_spreadsheets: bool,
    as_json: bool,
) -> None:
    """Export the texts of finished batches: label, votes, annotators, agreement, model, row in your data set.

    Discarded texts are included and marked as discarded. A new data set on the Hub is private. Beside a file
    or folder, NAME.log.json says from which log it was made: `labelloop replay --verify --expect` proves it.

    `labelloop export --output labels.csv`

    `labelloop export --output - | jq .label | sort | uniq -c`

    `labelloop export --output hf://user/mail-labels`
    """
    asyncio.run(_export(where, project, output, kind, safe_for_spreadsheets, as_json))


async def _export(
    where: Where, project: str | None, output: str | None, kind: str | None, safe: bool, as_json: bool
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.catalog import sound
    from labelloop.projects.export import rows

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        table = list(rows(state, opened_log.store))
        target = output or _default(opened_log.locations.home, history.project, kind or "jsonl")
    if target == TERMINAL and kind not in (None, *TEXTS):
        raise UserError(f"{kind} cannot be printed on a terminal: give --output")
    kind = (kind or "jsonl") if target == TERMINAL else format_of(target, kind)
    if kind == CSV and not safe and (formulas := formula_cells(table)):
        echo(
            f"{formulas} cell{'s' * (formulas > 1)} may be run as a formula by a spreadsheet: "
            "to open the file in one, export with --safe-for-spreadsheets",
            err=True,
        )
    elif kind != CSV and safe:
        raise UserError("--safe-for-spreadsheets is for CSV: give --format csv, or leave it out")
    if target == TERMINAL:
        text = as_text(table, kind, safe)
        click.echo(shown(text) if sys.stdout.isatty() else text, nl=False)
        return
    write_rows(table, target, kind, safe)
    write_origin(target, kind, history.project, state.log)
    if output is None and (home := opened_log.locations.home) is not None and kind != "hub":
        restrict(home.exports, home.path)
    labelled = sum(1 for row in table if row["labels"])
    if as_json:
        facts = {"project": history.project, "file": target, "format": kind, "log": state.log._asdict()}
        echo(json.dumps({**facts, "rows": len(table), "labels": labelled}))
    else:
        echo(f"{len(table)} texts, {labelled} of them labelled: {target}")
        echo(f"from the log {state.log}")


def _default(home: Home | None, project: str, kind: str) -> str:
    if kind == "hub":
        return project
    return str(home.exports / f"{project}{ending(kind)}") if home else TERMINAL
