"""`labelloop up`: run the loop with people."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.values import NameValue


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.home
@click.option(
    "--host",
    help="Address of Argilla's page; 0.0.0.0 opens it to colleagues; remembered by the home. "
    "[default: 127.0.0.1]",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of Argilla's page; remembered by the home. [default: 6900]",
)
@click.option("--argilla-url", help="Use the Argilla there instead; remembered by the home.")
@click.option("--argilla-key", help="An owner's API key of that Argilla; better in LABELLOOP_ARGILLA_KEY.")
@click.option(
    "--argilla-header",
    "argilla_headers",
    envvar="LABELLOOP_ARGILLA_HEADER",
    allow_from_autoenv=False,
    multiple=True,
    type=NameValue(),
    help="Header for each request to it, as 'Authorization=Bearer …' for a private Space.",
)
@options.project_options
@click.pass_context
def up(
    ctx: click.RichContext,
    /,
    home: Path,
    host: str | None,
    port: int | None,
    argilla_url: str | None,
    argilla_key: str | None,
    argilla_headers: tuple[tuple[str, str], ...],
    **values: Any,
) -> None:
    """Start Argilla and the loop, print where to label, and show how it goes until Ctrl-C.

    `labelloop up --dataset mail.csv --text-column body --labels spam,ham`

    Run it again to go on where it stopped. Several projects can live in one home (`labelloop init`):

    `labelloop up`
    """
    from labelloop.cli.interrupt import Interrupted, interruptible
    from labelloop.cli.people import People

    elsewhere = (argilla_url, argilla_key, dict(argilla_headers))
    people = People(home, options.gather(ctx, values), host, port, elsewhere)
    try:
        asyncio.run(interruptible(people.serve))
    except Interrupted as end:
        click.echo("stopped; `labelloop up` goes on where it was", err=True)
        ctx.exit(0 if end.number == signal.SIGTERM else 130)
