"""A real Argilla of one's own, as a process on a free port."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from labelloop.oracle.server import Credentials, credentials
from tests.support.plain_http import NO_TLS, get

START_SECONDS = 90
PROCESS = Path(__file__).with_name("argilla_process.py")


@dataclass
class ArgillaServer:
    """The embedded server on `home`; it can be killed and started again on the same port."""

    home: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def login(self) -> Credentials:
        return credentials(self.home)

    def client(self, api_key: str | None = None) -> httpx.Client:
        """A raw client of the API, of the owner unless another key is given."""
        key = api_key or self.login.api_key
        # The server ends a connection that was idle for 5 s, perhaps just when it is used again.
        limits = httpx.Limits(keepalive_expiry=2)
        return httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"X-Argilla-Api-Key": key},
            timeout=30,
            limits=limits,
            verify=NO_TLS,
        )

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.process = subprocess.Popen(self.command)
        give_up = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"the Argilla server ended with code {self.process.returncode}")
            if time.monotonic() > give_up:
                raise TimeoutError(f"no answer from {self.url} within {START_SECONDS} s")
            time.sleep(0.05)

    @property
    def command(self) -> list[str]:
        """The command line that serves `home` on `port`, and stops with its parent."""
        server = [sys.executable, "-P", str(PROCESS), *self.options, "--stop-with-parent"]
        return [*server, "--home", str(self.home), "--port", str(self.port)]

    def answers(self) -> bool:
        try:
            return get(f"{self.url}/api/v1/status", timeout=5).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """Ask the process to stop; its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(timeout=30)


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def argilla_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgillaServer]:
    """One running server for the whole session: make data sets and accounts of your own in it."""
    server = ArgillaServer(tmp_path_factory.mktemp("argilla") / "home", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def argilla_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgillaServer]:
    """One for the whole session that does what any Argilla does, and nothing of ours that is asked for."""
    server = ArgillaServer(tmp_path_factory.mktemp("elsewhere") / "home", free_port(), ("--elsewhere",))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_argilla_server(tmp_path: Path) -> Iterator[ArgillaServer]:
    """A server that one test may kill, started."""
    server = ArgillaServer(tmp_path / "home", free_port())
    server.start()
    yield server
    server.kill()
