"""What a service shows over HTTP, and what its container asks of it."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.observe.check import ask
from labelloop.observe.logs import hiding
from labelloop.observe.metrics import Metrics
from labelloop.observe.server import HealthServer
from labelloop.observe.service_status import LOG, Health
from tests.support import plain_http
from tests.support.argilla_server import free_port
from tests.support.controllers import until
from tests.support.messages import names, raises_naming

TOKEN = "b64+token/=="
HIDE = hiding({"LABELLOOP_ARGILLA_KEY": "hunter2-hunter2"})


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def server(health: Health) -> Iterator[HealthServer]:
    server = HealthServer("127.0.0.1", 0, health, Metrics("trainer").registry, HIDE)
    yield server
    server.close()


@pytest.fixture
def guarded(health: Health) -> Iterator[HealthServer]:
    """One that wants a token."""
    server = HealthServer("127.0.0.1", 0, health, Metrics("trainer").registry, HIDE, TOKEN)
    yield server
    server.close()


def get(server: HealthServer, path: str, authorization: str | None = None) -> tuple[int, str]:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    answer = plain_http.get(f"{server.url}{path}", headers=headers, timeout=30)
    return answer.status_code, answer.text.strip()


def test_who_starts_lives_and_is_not_ready(server: HealthServer, health: Health) -> None:
    assert get(server, "/healthz") == (200, "ok")
    assert get(server, "/readyz") == (503, health.unreadiness())


def test_who_lacks_nothing_is_ready(server: HealthServer, health: Health) -> None:
    health.lacks(LOG, None)

    assert get(server, "/readyz") == (200, "ok")


def test_no_secret_is_shown(server: HealthServer, health: Health) -> None:
    health.lacks(LOG, "http://ada:pw@argilla refuses hunter2-hunter2")

    assert get(server, "/readyz") == (503, "http://***@argilla refuses ***")


def test_the_metrics_are_there_in_prometheus_own_format(server: HealthServer) -> None:
    answer = plain_http.get(f"{server.url}/metrics", timeout=30)

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'labelloop_lag_events{service="trainer"} 0.0' in answer.text


def test_what_is_not_there_names_what_is(server: HealthServer) -> None:
    status, said = get(server, "/")

    assert status == 404
    assert names(said, "/healthz", "/readyz", "/metrics")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/"])
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer b64", "Bearer ключ"],
)
def test_who_does_not_bear_the_token_sees_nothing(
    guarded: HealthServer, path: str, authorization: str | None
) -> None:
    status, line = get(guarded, path, authorization)

    assert status == 401
    assert names(line, "LABELLOOP_HEALTH_TOKEN", "Bearer")
    assert "\n" not in line
    assert TOKEN not in line


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_who_bears_it_sees_every_page(guarded: HealthServer, health: Health, scheme: str) -> None:
    bearing = f"{scheme} {TOKEN}"

    assert get(guarded, "/healthz", bearing) == (200, "ok")
    assert get(guarded, "/readyz", bearing) == (503, health.unreadiness())
    assert get(guarded, "/metrics", bearing)[0] == 200
    assert get(guarded, "/", bearing)[0] == 404


def test_an_address_that_is_taken_is_an_error_with_the_remedy(server: HealthServer) -> None:
    with raises_naming(UserError, server.port, "LABELLOOP_HEALTH_PORT"):
        HealthServer("127.0.0.1", server.port, Health(), Metrics("querier").registry, HIDE)


def test_a_host_that_is_not_this_one_is_an_error_with_the_remedy() -> None:
    with raises_naming(UserError, "192.0.2.1", "LABELLOOP_HEALTH_PORT", "LABELLOOP_HEALTH_HOST"):
        HealthServer("192.0.2.1", 0, Health(), Metrics("querier").registry, HIDE)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="needs IPv6")
def test_it_serves_over_ipv6_too(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    health.lacks(LOG, None)
    server = HealthServer("::1", 0, health, Metrics("trainer").registry, HIDE)
    monkeypatch.setenv("LABELLOOP_HEALTH_HOST", "::")
    monkeypatch.setenv("LABELLOOP_HEALTH_PORT", str(server.port))

    assert get(server, "/readyz") == (200, "ok")
    assert ask("readyz") is None
    server.close()


async def test_an_event_loop_that_is_stuck_is_told_while_it_is_stuck() -> None:
    health, stuck, released = Health(stale_after=0.2), threading.Event(), threading.Event()
    server = HealthServer("127.0.0.1", 0, health, Metrics("trainer").registry, HIDE)

    async def serve() -> None:
        beating = asyncio.create_task(health.keep_beating())
        await asyncio.sleep(0)
        stuck.set()
        released.wait(30)  # the event loop of that thread does not get on
        await until(lambda: health.sickness() is None)
        beating.cancel()

    serving = threading.Thread(target=lambda: asyncio.run(serve()))
    serving.start()
    await until(stuck.is_set)

    await until(lambda: get(server, "/healthz")[0] == 503)

    released.set()
    serving.join()
    server.close()


class TestCheck:
    """The question that a container's health check asks."""

    @pytest.fixture(autouse=True)
    def environment(self, server: HealthServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LABELLOOP_HEALTH_HOST", "0.0.0.0")
        monkeypatch.setenv("LABELLOOP_HEALTH_PORT", str(server.port))

    def test_who_is_well_has_no_problem(self) -> None:
        assert ask("healthz") is None

    def test_the_reason_is_told(self, health: Health) -> None:
        assert ask("readyz") == health.unreadiness()

        health.lacks(LOG, "Kafka is away")

        assert ask("readyz") == "Kafka is away"

    def test_who_does_not_listen_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LABELLOOP_HEALTH_PORT", port := str(free_port()))

        assert names(ask("healthz"), port)

    @pytest.mark.parametrize("port", ["", "0", "http"])
    def test_a_port_that_is_not_known_cannot_be_asked(
        self, port: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LABELLOOP_HEALTH_PORT", port)

        assert names(ask("healthz"), "LABELLOOP_HEALTH_PORT")

    def test_it_bears_the_token_of_its_environment(
        self, guarded: HealthServer, health: Health, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("LABELLOOP_HEALTH_PORT", str(guarded.port))
        assert names(ask("healthz"), "LABELLOOP_HEALTH_TOKEN")

        monkeypatch.setenv("LABELLOOP_HEALTH_TOKEN", TOKEN)
        assert ask("healthz") is None

        monkeypatch.setenv("LABELLOOP_HEALTH_TOKEN_FILE", str(tmp_path / "token"))
        assert names(ask("healthz"), "LABELLOOP_HEALTH_TOKEN_FILE")

        (tmp_path / "token").write_text(f"{TOKEN}\n")
        assert ask("healthz") is None

    def test_as_a_command_it_exits_with_the_answer(self, health: Health) -> None:
        command = [sys.executable, "-m", "labelloop.observe.check"]

        lives = subprocess.run(command, capture_output=True, text=True, check=False)
        ready = subprocess.run([*command, "readyz"], capture_output=True, text=True, check=False)

        assert (lives.returncode, lives.stderr) == (0, "")
        assert ready.returncode == 1
        assert names(ready.stderr, "readyz", health.unreadiness())

    def test_it_loads_next_to_nothing(self) -> None:
        shown = "import labelloop.observe.check, sys; print(*sys.modules)"
        run = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)

        assert {"asyncio", "logging", "structlog", "prometheus_client"}.isdisjoint(run.stdout.split())
