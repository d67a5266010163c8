"""The dashboard as a process, and requests to it as a person's browser makes them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.argilla_server import free_port
from tests.support.children import ROOT
from tests.support.command import PATIENCE, eventually
from tests.support.plain_http import NO_TLS

TOKEN = "token-of-a-test"


@dataclass
class DashboardProcess:
    """A dashboard that can be killed and started again, over one log and one folder."""

    log: str
    state: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """What a person opens to log in."""
        return f"{self.url}/login?token={TOKEN}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {
            **os.environ,
            "LABELLOOP_LOG": self.log,
            "LABELLOOP_DASHBOARD_STATE": str(self.state),
            "LABELLOOP_DASHBOARD_PORT": str(self.port),
            "LABELLOOP_DASHBOARD_TOKEN": TOKEN,
            **self.settings,
        }
        command = [sys.executable, "-P", "-m", "services.dashboard"]
        environment["PYTHONPATH"] = str(ROOT)
        self.process = subprocess.Popen(command, env=environment)
        eventually(self._answers, "the dashboard answers")

    def kill(self) -> None:
        """End it as a lack of memory would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        return self._end(signal.SIGTERM)

    def page(self, path: str) -> str:
        """A page, by the token."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx.get(f"{self.url}{path}", headers=headers, timeout=PATIENCE, verify=NO_TLS)
        assert answer.status_code == 200, answer.text
        return answer.text

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        try:
            self.page("/")
        except httpx.TransportError:
            return False
        return True

    def _end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def a_dashboard(log: str, state: Path, **settings: str) -> Iterator[DashboardProcess]:
    """A dashboard that runs; at the end it is killed."""
    dashboard = DashboardProcess(log, state, settings)
    dashboard.start()
    try:
        yield dashboard
    finally:
        if dashboard.process is not None and dashboard.process.poll() is None:
            dashboard.kill()
