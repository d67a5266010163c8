"""A socket that is bound, and uvicorn as it is needed here."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from labelloop.errors import UserError

LONGEST_PARTING = 30
"""Seconds that requests in flight get when the server ends."""
MOST_CONNECTIONS = 1000
LONGEST_HEAD = 16 * 1024
LONGEST_WAIT = 10.0
"""Seconds in which the whole head of a request must come."""
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


class _Hasty(H11Protocol):
    """Closes a connection that does not send the whole head of a request in time: it would take a place."""

    patience = LONGEST_WAIT
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # What still comes of a request that is answered is no head.
        if self.conn.their_state is not h11.IDLE and self.conn.our_state is not h11.DONE:
            self._is_over()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        is_asked = self.conn.our_state is h11.SEND_RESPONSE
        if not is_asked and not self.transport.is_closing():
            self._wait()

    def _wait(self) -> None:
        self._is_over()
        self._waiting = self.loop.call_later(self.patience, self.transport.close)

    def _is_over(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class HttpServer(uvicorn.Server):
    """uvicorn as it is needed here: nothing of a request in logs, and signals are not its own."""

    def __init__(self, app: ASGIApp, parting: int = LONGEST_PARTING, patience: float = LONGEST_WAIT) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            # Of uvicorn's parsers the one that limits the size of headers.
            http=type("Hasty", (_Hasty,), {"patience": patience}),
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
