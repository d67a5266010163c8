"""`labelloop import`: add a project that begins with labels."""

import asyncio

import rich_click as click

from labelloop.cli import options
from labelloop.cli.init import make
from labelloop.cli.options_from_model import project_options
from labelloop.config.where import Where
from labelloop.projects.options import ProjectOptions


@click.command("import", context_settings=options.FROM_ENVIRONMENT)
@options.where
@project_options("import")
@options.file
@options.as_json
def import_(where: Where, asked: ProjectOptions, as_json: bool) -> None:
    """Add a project whose batch 0 are the labels that there are already: the model learns them at once.

    LABELS is a file, a folder or a Hub id, as --dataset; also an export of another project. Alone it is the
    data set as well: texts without a label are those that people are asked for.

    `labelloop import mail.csv --text-column body --label-column kind`

    `labelloop import labels.csv --dataset mail.csv --text-column body`

    `labelloop import labels.csv --dataset mail.csv --match id`
    """
    asyncio.run(make(where, asked, as_json))
