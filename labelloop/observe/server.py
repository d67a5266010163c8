"""HTTP from a thread of a service's own, and what it shows there: /healthz, /readyz and /metrics."""

import hmac
import socket
from collections.abc import Callable, Iterable
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from labelloop.errors import UserError
from labelloop.observe.logs import Hide
from labelloop.observe.service_status import Health
from labelloop.observe.settings import HOST, PORT, TOKEN, bearing

Answer = Iterable[bytes]
App = Callable[..., Answer]
# Seconds after which the server notices at the latest that it is closed.
LONGEST_CLOSE = 0.1
SLOWEST_CLIENT = 10.0


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # The base class asks the DNS for this host's name, which takes seconds if there is no DNS.
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Do not log a client that goes away, or sends what is not HTTP."""


class _ServerOverIPv6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST_CLIENT

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log requests: probes come every few seconds."""


class AppServer:
    """Serves a WSGI app until `close`. Raises OSError if its address is not available."""

    def __init__(self, host: str, port: int, app: App, name: str) -> None:
        kind = _ServerOverIPv6 if ":" in host else _Server
        self._server = make_server(host, port, app, server_class=kind, handler_class=_Handler)
        self.port = self._server.server_port
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        Thread(target=self._server.serve_forever, args=(LONGEST_CLOSE,), name=name, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class HealthServer(AppServer):
    """Serves until `close`, without what `hide` removes. Raises UserError if its address is not available.

    `token`: what each request must bear; None: nothing.
    """

    def __init__(
        self,
        host: str,
        port: int,
        health: Health,
        registry: CollectorRegistry,
        hide: Hide,
        token: str | None = None,
    ) -> None:
        app = _app(health, registry, hide)
        if token is not None:
            app = _guarded(app, token)
        try:
            super().__init__(host, port, app, "health")
        except OSError as error:
            raise UserError(
                f"cannot serve on {host}:{port} ({error.strerror}): "
                f"give another {PORT} (0: any that is free) or {HOST}"
            ) from error


def _guarded(app: App, token: str) -> App:
    """The app for requests that bear the token."""
    (awaited,) = bearing(token).values()

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        scheme, _, credentials = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        # The name of a scheme may be written in any case. The time that it takes tells nothing of the token.
        header = f"{scheme.capitalize()} {credentials.strip()}"
        if hmac.compare_digest(header.encode(), awaited.encode()):
            return app(environ, start_response)
        plain = ("Content-Type", "text/plain; charset=utf-8")
        start_response("401 Unauthorized", [plain, ("WWW-Authenticate", "Bearer")])
        return [f"give the token of {TOKEN}: Authorization: Bearer …\n".encode()]

    return guarded


def _app(health: Health, registry: CollectorRegistry, hide: Hide) -> App:
    metrics = make_wsgi_app(registry)
    probes = {"/healthz": health.sickness, "/readyz": health.unreadiness}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            page: Answer = metrics(environ, start_response)
            return page
        probe = probes.get(path)
        status, body = "404 Not Found", "there are /healthz, /readyz and /metrics"
        if probe is not None:
            problem = probe()
            status, body = ("200 OK", "ok") if problem is None else ("503 Service Unavailable", problem)
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{hide(body)}\n".encode()]

    return app
