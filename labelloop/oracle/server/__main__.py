"""`python -P -m labelloop.oracle.server`: serve Argilla in the foreground until SIGTERM or SIGINT.

There is at most one server per home. Argilla's imports are trimmed, which saves 3 of 7 seconds at each start.
The jobs for the Hugging Face Hub (with `datasets` and pandas) are imported on first use. The clients of
Elasticsearch and OpenSearch are replaced by empty modules. The 1,300 files of the page are not copied.
"""

import fcntl
import gc
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from pathlib import Path
from types import ModuleType

import click

from labelloop.errors import UserError
from labelloop.oracle.server.environment import DATABASE, clean_temporary, configure, serve_redis
from labelloop.oracle.server.secrets import credentials
from labelloop.startup import stop_with_parent

LATE = {"argilla_server.jobs.hub_jobs"}
ABSENT = {
    "argilla_server.search_engine.elasticsearch": "ElasticSearchEngine",
    "argilla_server.search_engine.opensearch": "OpenSearchEngine",
}


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
        serve(home.resolve(), host, port)
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


def serve(home: Path, host: str, port: int) -> None:
    """Serve Argilla from `home` until a signal arrives.

    Raises UserError if the port or the home is in use, or if a newer argilla-server created the home.
    """
    login = credentials(home)
    with hold(home), _listen(host, port) as listener:
        clean_temporary(home)
        configure(home, login, serve_redis())
        leave_out()
        # What is imported stays: looking through it for garbage takes a second of the start.
        gc.disable()

        with without_a_copy_of_the_pages():
            from labelloop.oracle.server.application import run

        gc.freeze()
        gc.enable()
        run(home / DATABASE, login, listener)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise UserError(
            f"cannot serve Argilla on {host} port {port} ({error.strerror}): give another --port"
        ) from error
    return listener


@contextmanager
def hold(home: Path) -> Iterator[None]:
    """Lock `home` until the block or the process ends. Raises UserError if another server uses it."""
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another Argilla server runs in {home}: stop it, or give another --home"
            ) from error
        yield


class _Empty(Loader):
    def exec_module(self, module: ModuleType) -> None:
        setattr(module, ABSENT[module.__name__], None)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ABSENT:
            return ModuleSpec(fullname, _Empty())
        spec = PathFinder.find_spec(fullname, path) if fullname in LATE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def leave_out() -> None:
    """Make later imports of Argilla leave out what this server does not need."""
    sys.meta_path.insert(0, _Finder())


@contextmanager
def without_a_copy_of_the_pages() -> Iterator[None]:
    """Have an import of Argilla make an empty folder for its pages. `pages` puts into it what it changes."""
    copytree = shutil.copytree

    def make_empty(source: Path, target: str) -> str:
        Path(target).mkdir()
        return target

    shutil.copytree = make_empty  # type: ignore[assignment]
    try:
        yield
    finally:
        shutil.copytree = copytree


if __name__ == "__main__":
    main()
