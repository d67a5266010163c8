"""A web server that answers the same to every request, for what Argilla does only in trouble."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Answering:
    """The running server, with the headers of each request it got."""

    url: str = ""
    requests: list[Message] = field(default_factory=list)


@contextmanager
def answering(status: int, body: bytes = b"") -> Iterator[Answering]:
    """A server with this answer; it runs while the context does."""
    running = Answering()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            running.requests.append(self.headers)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *parts: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.url = f"http://127.0.0.1:{server.server_port}"
        yield running
        server.shutdown()
