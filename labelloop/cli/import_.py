"""`labelloop import`: add a project that begins with labels."""

import asyncio
from typing import Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.init import make
from labelloop.config.where import Where


@click.command("import", context_settings=options.FROM_ENVIRONMENT)
@click.argument("labelled", metavar="LABELS")
@options.where
@click.option(
    "--match",
    default="text",
    show_default=True,
    help="By what a label is that of a text of --dataset: text, source_row (its row there, from 0), or a "
    "column that both have.",
)
@click.option("--labelled-text-column", help="Column of the texts in LABELS, if it is another.")
@click.option("--labelled-label-column", help="Column of the labels in LABELS, if it is another.")
@options.project_options
@options.as_json
@click.pass_context
def import_(ctx: click.RichContext, /, where: Where, as_json: bool, **values: Any) -> None:
    """Add a project whose batch 0 are the labels that there are already: the model learns them at once.

    LABELS is a file, a folder or a Hub id, as --dataset; also an export of another project. Alone it is the
    data set as well: texts without a label are those that people are asked for.

    `labelloop import mail.csv --text-column body --label-column kind`

    `labelloop import labels.csv --dataset mail.csv --text-column body`

    `labelloop import labels.csv --dataset mail.csv --match id`
    """
    asyncio.run(make(where, options.gather(ctx, values), as_json))
