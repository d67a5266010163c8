"""`labelloop down`: stop what `labelloop up` started."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.errors import UserError

INTERVAL = 0.1


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.home
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds to wait for the end.")
def down(home: Path, timeout: float) -> None:
    """Stop the services of a home in order; nothing is lost, and `labelloop up` goes on."""
    from labelloop.config.home import existing_home
    from labelloop.supervisor.lock import holder

    existing = existing_home(home)
    pid = holder(existing.run)
    if pid is None:
        click.echo("nothing runs here")
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + timeout
    while holder(existing.run) == pid:
        if time.monotonic() > give_up:
            raise UserError(
                f"process {pid} has not stopped in {timeout:g} s: see {existing.logs}, or kill it"
            )
        time.sleep(INTERVAL)
    click.echo("stopped")
