"""`labelloop import`: create a project from existing labels."""

import asyncio

import rich_click as click

from labelloop.cli import options
from labelloop.cli.init import make
from labelloop.cli.options_from_model import project_options
from labelloop.config.locations import Where
from labelloop.projects.options import ProjectOptions


@click.command("import", context_settings=options.FROM_ENVIRONMENT)
@options.where
@project_options("import")
@options.file
@options.as_json
def import_(where: Where, asked: ProjectOptions, as_json: bool) -> None:
    """Create a project from labels that you already have. They become batch 0, which the model learns first.

    LABELS is a file, a folder or a Hub id, like --dataset, or an export of another project. Without --dataset
    it is the data set too: people are asked for its texts that have no label.

    `labelloop import mail.csv --text-column body --label-column kind`

    `labelloop import labels.csv --dataset mail.csv --text-column body`

    `labelloop import labels.csv --dataset mail.csv --match id`
    """
    asyncio.run(make(where, asked, as_json))
