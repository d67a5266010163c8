"""What a service shows over HTTP, from a thread of its own: /healthz, /readyz and /metrics."""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from labelloop.errors import UserError
from labelloop.observe.health import Health
from labelloop.observe.settings import HOST, PORT

Answer = Iterable[bytes]
SLOWEST_CLIENT = 10.0


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST_CLIENT

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: probes come every few seconds."""


class HealthServer:
    """Serves until `close`. Raises UserError when its address cannot be had."""

    def __init__(self, host: str, port: int, health: Health, registry: CollectorRegistry) -> None:
        try:
            self._server = make_server(
                host, port, _app(health, registry), server_class=_Server, handler_class=_Handler
            )
        except OSError as error:
            raise UserError(
                f"cannot serve on {host}:{port} ({error.strerror}): "
                f"give another {PORT} (0: any that is free) or {HOST}"
            ) from error
        self.port = self._server.server_port
        self.url = f"http://{host}:{self.port}"
        Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _app(health: Health, registry: CollectorRegistry) -> Callable[..., Answer]:
    metrics = make_wsgi_app(registry)
    probes = {"/healthz": health.sickness, "/readyz": health.unreadiness}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            found: Answer = metrics(environ, start_response)
            return found
        probe = probes.get(path)
        status, said = "404 Not Found", "there are /healthz, /readyz and /metrics"
        if probe is not None:
            problem = probe()
            status, said = ("200 OK", "ok") if problem is None else ("503 Service Unavailable", problem)
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{said}\n".encode()]

    return app
