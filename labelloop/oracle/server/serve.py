"""The server from an empty folder to answering requests."""

import socket
from pathlib import Path

from labelloop.errors import UserError
from labelloop.oracle.server.environment import DATABASE, clean_temporary, configure
from labelloop.oracle.server.lock import hold
from labelloop.oracle.server.secrets import credentials


def serve(home: Path, host: str, port: int) -> None:
    """Serve Argilla from `home` until a signal asks to stop.

    Raises UserError when the port or the home is in use, or a newer argilla-server made the home.
    """
    login = credentials(home)
    with hold(home), _listen(host, port) as listener:
        from labelloop.oracle.server.redis import serve_redis

        clean_temporary(home)
        configure(home, login, serve_redis())

        from labelloop.oracle.server.imports import leave_out

        leave_out()

        from labelloop.oracle.server.application import run

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
