"""`labelloop down`: stop what `labelloop up` started."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.errors import UserError

INTERVAL = 0.1


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
