"""`labelloop up`: run the loop with people. `labelloop down` stops it."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import rich_click as click

from labelloop.cli import options, options_from_file
from labelloop.cli.echo import echo, tell
from labelloop.cli.options import NameValue
from labelloop.cli.options_from_model import project_options
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import leaving_none_empty
from labelloop.config.locations import Where
from labelloop.errors import UserError
from labelloop.projects.options import ProjectOptions

INTERVAL = 0.1


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@click.option(
    "--host",
    help="Address on which Argilla listens; 0.0.0.0 lets colleagues in. The home remembers it. "
    "[default: 127.0.0.1]",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of Argilla's page. The home remembers it. [default: 6900]",
)
@options.argilla
@options.engine
@click.option(
    "--evaluate/--no-evaluate", default=True, show_default=True, help="Evaluate each model on the test set."
)
@click.option(
    "--dashboard/--no-dashboard",
    default=True,
    show_default=True,
    help="Show what happens in a browser: a link is printed beside Argilla's.",
)
@click.option(
    "--dashboard-host",
    help="Address on which the dashboard listens. The home remembers it. [default: 127.0.0.1]",
)
@click.option(
    "--dashboard-port",
    type=click.IntRange(1, 65535),
    help="Port of the dashboard. The home remembers it. [default: 6910, or the next that is free]",
)
@options.alert
@click.option(
    "--alert-rule",
    "alert_rules",
    envvar="LABELLOOP_ALERT_RULE",
    multiple=True,
    type=NameValue(),
    help="When to alert, for example waiting=2d, accuracy=0.1 or agreement=off.",
)
@project_options("up")
@options_from_file.file
@click.pass_context
def up(
    ctx: click.RichContext,
    /,
    where: Where,
    host: str | None,
    port: int | None,
    argilla: GivenArgilla,
    evaluate: bool,
    dashboard: bool,
    dashboard_host: str | None,
    dashboard_port: int | None,
    alert: tuple[str, ...],
    alert_rules: tuple[tuple[str, str], ...],
    given_options: ProjectOptions,
) -> None:
    """Start Argilla and the services, print where to label, and show progress until Ctrl-C.

    `labelloop up --dataset mail.csv --text-column body --labels spam,ham`

    Run it again to continue where it stopped. A home can have several projects (see `labelloop init`):

    `labelloop up`

    With a shared log, store and Argilla, several machines can share the work:

    `labelloop up --log kafka://host:9092/labelloop --store s3://bucket/labelloop --argilla-url URL`
    """
    from labelloop.cli.interrupt import Interrupted, interruptible
    from labelloop.cli.up_run import PeopleLoop
    from labelloop.supervisor.plan import OptionalServices

    beside = OptionalServices(evaluate, alert, alert_rules)
    at = (dashboard_host, dashboard_port) if dashboard else None
    people = PeopleLoop(where, given_options, host, port, argilla, beside, at)
    try:
        with leaving_none_empty(where.home, is_locked=True):
            asyncio.run(interruptible(people.serve(), people.kill))
    except Interrupted as end:
        tell("stopped; `labelloop up` continues where it stopped", err=True)
        ctx.exit(0 if end.number == signal.SIGTERM else 130)


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.home
@click.option(
    "--timeout",
    type=float,
    default=60.0,
    show_default=True,
    help="Seconds to wait until everything has stopped.",
)
def down(home: Path, timeout: float) -> None:
    """Stop the services of a home. Nothing is lost; `labelloop up` continues."""
    from labelloop.config.home import existing_home
    from labelloop.supervisor.lock import holder

    existing = existing_home(home)
    pid = holder(existing.run)
    if pid is None:
        echo("nothing is running here")
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + timeout
    while holder(existing.run) == pid:
        if time.monotonic() > give_up:
            raise UserError(
                f"process {pid} did not stop within {timeout:g} s: "
                f"read the logs in {existing.logs}, or kill it"
            )
        time.sleep(INTERVAL)
    echo("stopped")
