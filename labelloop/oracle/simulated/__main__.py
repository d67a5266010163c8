"""`python -m labelloop.oracle.simulated`: annotate a data set from the gold labels of its pool."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import click

from labelloop.errors import UserError
from labelloop.oracle.argilla import Dataset
from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE
from labelloop.oracle.server.parent import stop_with_parent
from labelloop.oracle.simulated import settings
from labelloop.oracle.simulated.decision import Decide, GoldAnswers
from labelloop.oracle.simulated.gold import gold_labels
from labelloop.oracle.simulated.office import work

Share = click.FloatRange(0, 1)


@click.command(help="Annotate a data set in Argilla from gold labels, one annotator an API key.")
@click.option("--url", required=True, help="Argilla's address.")
@click.option("--dataset", required=True, help="Name of the data set; it is waited for.")
@click.option("--workspace", default=DEFAULT_WORKSPACE, show_default=True)
@click.option(
    "--pool",
    "pools",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Pool snapshot with the column `gold`; several in their order.",
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    help=f"File (mode 0600) with one API key a line; without it {settings.KEYS_VARIABLE} holds them.",
)
@click.option("--seconds-per-label", type=click.FloatRange(min=0), default=0.0, show_default=True)
@click.option(
    "--error", "error_share", type=Share, default=0.0, show_default=True, help="Share of wrong labels."
)
@click.option("--discard", type=Share, default=0.0, show_default=True, help="Share of discarded texts.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--stop-with-parent",
    "parent_too",
    is_flag=True,
    help="End when the process that started this one has ended.",
)
def main(
    url: str,
    dataset: str,
    workspace: str,
    pools: tuple[Path, ...],
    keys: Path | None,
    seconds_per_label: float,
    error_share: float,
    discard: float,
    seed: int,
    parent_too: bool,
) -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        if parent_too:
            stop_with_parent()
        gold = gold_labels(pools)

        def deciding(found: Dataset) -> Decide:
            personal = found.min_submitted > 1
            return GoldAnswers(gold, found.labels, error_share, discard, seed, personal)

        asyncio.run(
            work(
                url,
                settings.api_keys(keys, os.environ),
                settings.headers(os.environ),
                dataset,
                workspace,
                deciding,
                seconds_per_label,
            )
        )
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
