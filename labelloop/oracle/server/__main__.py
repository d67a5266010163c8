"""`python -P -m labelloop.oracle.server`: serve Argilla in the foreground until SIGTERM or SIGINT."""

import os
import signal
import sys
from pathlib import Path

import click

from labelloop.errors import UserError
from labelloop.startup import stop_with_parent


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the server."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=6900, show_default=True, help="Port to serve on."
)
@click.option("--stop-with-parent", "with_parent", is_flag=True, help="Stop when the parent process ends.")
def main(home: Path, host: str, port: int, with_parent: bool) -> None:
    """Serve Argilla from one folder, which holds its database and its secrets."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    os.umask(0o077)
    if with_parent:
        stop_with_parent()
    try:
        from labelloop.oracle.server.serve import serve

        serve(home.resolve(), host, port)
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
