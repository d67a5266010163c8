"""`labelloop up`: run the loop with people."""

import asyncio
import signal

import rich_click as click

from labelloop.cli import options
from labelloop.cli.options_from_model import project_options
from labelloop.cli.values import NameValue
from labelloop.config.deployment import GivenArgilla
from labelloop.config.where import Where
from labelloop.projects.options import ProjectOptions


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
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
@options.argilla
@click.option(
    "--evaluate/--no-evaluate", default=True, show_default=True, help="Measure each model on the test set."
)
@options.alert
@click.option(
    "--alert-rule",
    "alert_rules",
    envvar="LABELLOOP_ALERT_RULE",
    multiple=True,
    type=NameValue(),
    help="When to alert, as waiting=2d, accuracy=0.1 or agreement=off.",
)
@project_options("up")
@options.file
@click.pass_context
def up(
    ctx: click.RichContext,
    /,
    where: Where,
    host: str | None,
    port: int | None,
    argilla: GivenArgilla,
    evaluate: bool,
    alert: tuple[str, ...],
    alert_rules: tuple[tuple[str, str], ...],
    asked: ProjectOptions,
) -> None:
    """Start Argilla and the loop, print where to label, and show how it goes until Ctrl-C.

    `labelloop up --dataset mail.csv --text-column body --labels spam,ham`

    Run it again to go on where it stopped. Several projects can live in one home (`labelloop init`):

    `labelloop up`

    With the log, the store and Argilla elsewhere, several machines share the work:

    `labelloop up --log kafka://host:9092/labelloop --store s3://bucket/labelloop --argilla-url URL`
    """
    from labelloop.cli.interrupt import Interrupted, interruptible
    from labelloop.cli.people import PeopleLoop
    from labelloop.supervisor.plan import OptionalServices

    beside = OptionalServices(evaluate, alert, alert_rules)
    people = PeopleLoop(where, asked, host, port, argilla, beside)
    try:
        asyncio.run(interruptible(people.serve(), people.kill))
    except Interrupted as end:
        click.echo("stopped; `labelloop up` goes on where it was", err=True)
        ctx.exit(0 if end.number == signal.SIGTERM else 130)
