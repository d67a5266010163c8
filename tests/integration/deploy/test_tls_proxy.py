"""The proxy of deploy/tls.yml, as a process of its own, in front of the embedded Argilla.

Skipped without Caddy, which scripts/caddy.sh fetches where it can.
"""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import eventually
from tests.support.deployment import ROOT

CADDY = shutil.which("caddy") or shutil.which(ROOT / ".caddy/usr/bin/caddy")
OWN_AUTHORITY = "caddy/pki/authorities/local/root.crt"

pytestmark = pytest.mark.skipif(CADDY is None, reason="needs Caddy")


class Proxy:
    """A running proxy, and where it writes its own authority's certificate."""

    def __init__(self, folder: Path, proxied: str) -> None:
        self.http, self.https, health = free_port(), free_port(), free_port()
        self.authority = folder / OWN_AUTHORITY
        settings = (ROOT / "deploy/caddy/Caddyfile").read_text(encoding="utf-8")
        for port, here in (("8080", self.http), ("8443", self.https), ("8081", health)):
            settings = settings.replace(port, str(here))
        (folder / "Caddyfile").write_text(settings, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "LABELLOOP_DOMAIN": "localhost",
            "LABELLOOP_TLS": "internal",
            "LABELLOOP_PROXIED": proxied.removeprefix("http://"),
        }
        command = [str(CADDY), "run", "--config", str(folder / "Caddyfile")]
        with (folder / "caddy.log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.reached = f"http://127.0.0.1:{health}/api/v1/status"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    def client(self) -> httpx.Client:
        """A client that trusts the proxy's own authority and nobody else."""
        return httpx.Client(verify=ssl.create_default_context(cafile=str(self.authority)), timeout=30)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("proxy"), argilla_server.url)
    try:
        eventually(lambda: proxy.authority.exists() and answers(proxy.reached), "the proxy reaches Argilla")
        yield proxy
    finally:
        proxy.process.terminate()
        proxy.process.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def test_people_log_in_over_https_and_the_page_is_there(proxy: Proxy, argilla_server: ArgillaServer) -> None:
    login = argilla_server.login

    with proxy.client() as client:
        page = client.get(f"{proxy.url}/sign-in")
        token = client.post(
            f"{proxy.url}/api/v1/token", data={"username": login.username, "password": login.password}
        )
        bearing = {"Authorization": f"Bearer {token.json()['access_token']}"}
        me = client.get(f"{proxy.url}/api/v1/me", headers=bearing)

    assert page.status_code == 200
    assert "<html" in page.text
    assert me.json()["username"] == login.username


def test_http_leads_to_https(proxy: Proxy) -> None:
    answer = httpx.get(f"http://localhost:{proxy.http}/sign-in", timeout=30)

    assert answer.is_redirect
    assert answer.headers["location"] == "https://localhost/sign-in"


def test_argilla_sends_nobody_back_to_http(proxy: Proxy, argilla_server: ArgillaServer) -> None:
    with proxy.client() as client:
        answer = client.get(
            f"{proxy.url}/api/v1/me/", headers={"X-Argilla-Api-Key": argilla_server.login.api_key}
        )

    assert answer.headers.get("location", proxy.url).startswith(proxy.url)
    assert answer.status_code in (307, 404)
