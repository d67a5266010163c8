"""A socket that is bound, and uvicorn as it is needed here."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.types import ASGIApp

from labelloop.errors import UserError

LONGEST_PARTING = 30
"""Seconds that requests in flight get when the server ends."""
MOST_CONNECTIONS = 1000
LONGEST_HEAD = 16 * 1024
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@contextmanager
def listener(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """A socket that is bound, and the address by which this machine reaches it. Raises UserError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot serve on {host} port {port} ({reason}): give another --port") from error
    with closing(bound):
        name = ANYWHERE.get(host, host)
        name = f"[{name}]" if ":" in name else name
        yield bound, f"http://{name}:{bound.getsockname()[1]}"


class HttpServer(uvicorn.Server):
    """uvicorn as it is needed here: nothing of a request in logs, and signals are not its own."""

    def __init__(self, app: ASGIApp, parting: int = LONGEST_PARTING) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            # Of uvicorn's parsers the one that limits the size of headers.
            http="h11",
            h11_max_incomplete_event_size=LONGEST_HEAD,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=parting,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Take no more requests, and end when those in flight are answered."""
        self.should_exit = True
