"""A real proxy before Argilla that can fail as servers and networks do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

from tests.support.plain_http import NO_TLS

HOP_BY_HOP = {
    "connection",
    "transfer-encoding",
    "content-length",
    "content-encoding",
    "host",
    "accept-encoding",
}


Which = Callable[[str, str], bool]


@dataclass
class FaultyProxy:
    """Passes requests on, unless told otherwise.

    `status`: answers so instead. `refusing`: answers 503 to those that it is true of. `silent`: passes those
    on, and answers 503 all the same. `delay`: seconds before each request is passed on. `passed` are the
    requests (method, path) that reached the server behind; `refused` those that did not.
    """

    url: str = ""
    status: int | None = None
    refusing: Which | None = None
    silent: Which | None = None
    delay: float = 0.0
    passed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def faulty_proxy(behind: str) -> Iterator[FaultyProxy]:
    """A proxy before the server at this address."""
    proxy = FaultyProxy()
    client = httpx.Client(base_url=behind, timeout=60, verify=NO_TLS)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = (self.command, self.path.partition("?")[0])
            if proxy.status is not None or (proxy.refusing and proxy.refusing(*request)):
                proxy.refused.append(request)
                self.reply(proxy.status or 503, b"", {})
                return
            time.sleep(proxy.delay)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            answer = client.request(self.command, self.path, content=body, headers=headers)
            proxy.passed.append(request)
            if proxy.silent and proxy.silent(*request):
                self.reply(503, b"", {})
                return
            self.reply(answer.status_code, answer.content, answer.headers)

        def reply(self, status: int, body: bytes, headers: httpx.Headers | dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET = do_POST = do_PUT = do_DELETE = handle_request

        def log_message(self, *parts: object) -> None:
            """Say nothing."""

    with client, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        yield proxy
        server.shutdown()
