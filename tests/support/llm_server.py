"""A language model's endpoint: a real HTTP server, whose answers a test decides."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `after`: it is sent when that is set. `endless`: its body goes on for ever."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: threading.Event | None = None
    endless: bool = False


def said(content: object, **changes: Any) -> Reply:
    """What a language model writes, as a string or as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    body = {"model": "tiny-1", "system_fingerprint": "fp_1", "choices": [choice], "usage": usage, **changes}
    return Reply(json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def text_of(asked: Asked) -> str:
    """The text of a request, without its frame."""
    content: str = asked["messages"][-1]["content"]
    return content.split("\n", 1)[1].rsplit("\n", 1)[0]


class LlmServer:
    """`answer` says what is answered to each request; `asked` has them all, with their keys."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append(asked)
                server.keys.append(self.headers["Authorization"])
                server.paths.append(self.path)
                reply = server.answer(asked)
                if reply.after is not None:
                    reply.after.wait(60)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.endless:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.close_connection = reply.endless
                self.wfile.write(reply.body)
                while reply.endless:
                    self.wfile.write(reply.body)

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    return

            def log_message(self, *arguments: object) -> None:
                return

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def texts(self) -> list[str]:
        return [text_of(asked) for asked in self.asked]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def llm_server(answer: Callable[[Asked], Reply]) -> Iterator[LlmServer]:
    server = LlmServer(answer)
    try:
        yield server
    finally:
        server.close()
