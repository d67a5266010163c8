"""Start the embedded server from a folder. There is at most one server per home."""

import fcntl
import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelloop.errors import UserError
from labelloop.oracle.server.environment import DATABASE, clean_temporary, configure
from labelloop.oracle.server.secrets import credentials


def serve(home: Path, host: str, port: int) -> None:
    """Serve Argilla from `home` until a signal arrives.

    Raises UserError if the port or the home is in use, or if a newer argilla-server created the home.
    """
    login = credentials(home)
    with hold(home), _listen(host, port) as listener:
        from labelloop.oracle.server.redis import serve_redis

        clean_temporary(home)
        configure(home, login, serve_redis())

        from labelloop.oracle.server.imports import leave_out, without_a_copy_of_the_pages

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
