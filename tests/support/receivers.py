"""Real receivers of alerts: an SMTP server and an HTTP endpoint."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.argilla_server import free_port

HERE = "127.0.0.1"


class Mailbox:
    """An SMTP server that keeps the subjects of what it takes."""

    def __init__(self, port: int) -> None:
        self.url = f"mailto://{HERE}:{port}?from=labelloop@example.org&to=team@example.org&mode=insecure"
        self.subjects: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content)
        self.subjects.append(str(make_header(decode_header(message["Subject"]))))
        return "250 OK"


@contextmanager
def a_mailbox() -> Iterator[Mailbox]:
    port = free_port()
    mailbox = Mailbox(port)
    controller = Controller(mailbox, hostname=HERE, port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


class Hook:
    """An HTTP endpoint that keeps what is posted to it; while it is `held`, it takes and does not answer.

    `statuses`: what it answers next, if not 200.
    """

    def __init__(self, port: int) -> None:
        self.url = f"json://team:topsecret@{HERE}:{port}/hidden-hook"
        self.plain_url = f"http://{HERE}:{port}/"
        self.posted: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.answers = threading.Event()
        self.answers.set()

    @property
    def titles(self) -> list[str]:
        return [posted["title"] for posted in self.posted]


@contextmanager
def a_hook(port: int | None = None) -> Iterator[Hook]:
    hook = Hook(port or free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            body = self.rfile.read(size)
            hook.requests.append((dict(self.headers), body))
            hook.posted.append(json.loads(body))
            hook.answers.wait(60)
            self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HERE, int(hook.url.rpartition(":")[2].partition("/")[0])), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hook
    finally:
        hook.answers.set()
        server.shutdown()
        server.server_close()
