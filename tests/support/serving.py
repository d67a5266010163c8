"""A running `labelloop serve`, and requests to it as a person makes them."""

import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.command import PATIENCE, command, eventually
from tests.support.plain_http import NO_TLS

ADDRESS = re.compile(r" answers at (http://\S+)/predict")


@dataclass(frozen=True)
class Serving:
    """A server, its address, its token, and the file of what it prints."""

    process: "subprocess.Popen[bytes]"
    url: str
    token: str
    output: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, **sent: Any) -> httpx.Response:
        """POST /predict, by default with the token."""
        sent = {"headers": self.headers, "timeout": PATIENCE, "verify": NO_TLS, **sent}
        return httpx.post(f"{self.url}/predict", **sent)

    def get(self, path: str) -> httpx.Response:
        """GET a page with the token."""
        return httpx.get(f"{self.url}{path}", headers=self.headers, timeout=PATIENCE, verify=NO_TLS)

    def predicted(self, texts: Sequence[object], **more: Any) -> dict[str, Any]:
        """What it says of texts."""
        response = self.post(json={"texts": list(texts), **more})
        assert response.status_code == 200, response.text
        said: dict[str, Any] = response.json()
        return said

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def ends(self, number: int = signal.SIGTERM) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(home: Path, *options: object, token: str | None = None) -> Iterator[Serving]:
    """`labelloop serve` on a home, once it has said where it answers."""
    output = home.parent / f"{home.name}-serve.txt"
    with command("serve", "--home", home, "--port", 0, *options, output=output) as process:
        eventually(lambda: process.poll() is not None or "try it" in output.read_text(), "it answers")
        found = ADDRESS.search(output.read_text())
        assert found, output.read_text()
        yield Serving(process, found[1], token or (home / "serve.token").read_text().strip(), output)
