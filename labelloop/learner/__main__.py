"""`python -P -m labelloop.learner`: run tasks for the services of this machine until SIGTERM or SIGINT."""

import signal
import sys

import click

from labelloop.learner.child import choose_threads
from labelloop.learner.shared import serve
from labelloop.startup import stop_with_parent


@click.command()
@click.option("--address", required=True, help="Path of the Unix socket to serve on.")
@click.option("--threads", type=click.IntRange(1), required=True, help="Threads of OpenMP.")
@click.option("--stop-with-parent", "with_parent", is_flag=True, help="Stop when the parent process ends.")
def main(address: str, threads: int, with_parent: bool) -> None:
    """Train, query and evaluate for the services that connect. The heavy libraries are loaded once."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    if with_parent:
        stop_with_parent()
    choose_threads(threads)
    serve(address)


if __name__ == "__main__":
    main()
