"""What a running service shows of itself over HTTP."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.observe.status_file import IDLE
from tests.support import plain_http
from tests.support.argilla_server import ArgillaServer
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.loop import Loop, a_loop, texts
from tests.support.messages import names
from tests.support.states import queried

WATCHER = "annotation_watcher"


@pytest.fixture
def proxy(argilla_server: ArgillaServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(argilla_server.url) as proxy:
        yield proxy


@pytest.fixture
def loop(tmp_path: Path, argilla_server: ArgillaServer, proxy: FaultyProxy) -> Iterator[Loop]:
    """A loop whose services reach Argilla through the proxy."""
    with a_loop(tmp_path / "home", argilla_server, proxy.url) as loop:
        yield loop


def start(loop: Loop, **environment: str) -> str:
    """Start a watcher that shows itself at any free port; its address."""
    loop.start(WATCHER, LABELLOOP_HEALTH_PORT="0", **environment)
    pid = loop.processes[WATCHER].pid
    loop.until(lambda: loop.status_file(WATCHER).get("pid") == pid and "health" in loop.status_file(WATCHER))
    return str(loop.status_file(WATCHER)["health"])


def get(url: str) -> tuple[int, str]:
    answer = plain_http.get(url, timeout=30)
    return answer.status_code, answer.text.strip()


def is_ready(address: str) -> bool:
    return get(f"{address}/readyz") == (200, "ok")


def check(address: str, probe: str) -> subprocess.CompletedProcess[str]:
    """What the health check of its container would find."""
    environment = {**os.environ, "LABELLOOP_HEALTH_PORT": address.rpartition(":")[2]}
    command = [sys.executable, "-m", "labelloop.observe.check", probe]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_service_on_an_empty_log_lives_is_ready_and_counts(loop: Loop) -> None:
    address = start(loop)

    loop.until(lambda: is_ready(address))

    assert get(f"{address}/healthz") == (200, "ok")
    status, metrics = get(f"{address}/metrics")
    assert status == 200
    assert f'labelloop_lag_events{{service="{WATCHER}"}} 0.0' in metrics.splitlines()
    assert check(address, "readyz").returncode == 0


def test_with_a_token_a_service_shows_itself_to_those_only_who_bear_it(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret-of-ours\n")
    monkeypatch.setenv("LABELLOOP_HEALTH_TOKEN_FILE", str(file))

    address = start(loop)

    loop.until(lambda: check(address, "readyz").returncode == 0)
    assert {get(f"{address}{page}")[0] for page in ("/healthz", "/readyz", "/metrics")} == {401}
    bearing = {"Authorization": "Bearer s3cret-of-ours"}
    assert "labelloop_lag_events" in plain_http.get(f"{address}/metrics", headers=bearing, timeout=30).text
    assert "s3cret-of-ours" not in loop.log_of(WATCHER)


def test_a_frozen_service_does_not_answer_until_it_is_woken(loop: Loop) -> None:
    address = start(loop)
    loop.until(lambda: check(address, "readyz").returncode == 0)
    process = loop.processes[WATCHER]

    process.send_signal(signal.SIGSTOP)

    frozen = check(address, "healthz")
    assert frozen.returncode == 1
    assert names(frozen.stderr, "healthz", address.rpartition(":")[2])
    process.send_signal(signal.SIGCONT)
    loop.until(lambda: check(address, "readyz").returncode == 0)


def test_a_service_is_not_ready_while_argilla_is_away(loop: Loop, proxy: FaultyProxy) -> None:
    loop.append(loop.create(texts(3)), queried())
    proxy.status = 503

    address = start(loop)

    loop.until(lambda: names(get(f"{address}/readyz")[1], proxy.url, 503))
    assert get(f"{address}/readyz")[0] == 503
    assert get(f"{address}/healthz") == (200, "ok")
    proxy.status = None
    loop.until(lambda: is_ready(address))


def test_who_stands_by_is_ready_and_takes_over(loop: Loop) -> None:
    first = start(loop)
    loop.until(lambda: is_ready(first))
    owner = loop.processes[WATCHER]

    second = start(loop)
    loop.until(lambda: is_ready(second))
    assert loop.status_file(WATCHER)["doing"] != IDLE

    owner.kill()
    owner.wait()
    loop.until(lambda: loop.status_file(WATCHER)["doing"] == IDLE)
    assert is_ready(second)


def test_an_address_that_is_taken_is_one_line_and_an_exit(loop: Loop) -> None:
    taken = start(loop).rpartition(":")[2]

    loop.start("querier", LABELLOOP_HEALTH_PORT=taken)

    assert loop.processes["querier"].wait(60) == 2
    (line,) = loop.log_of("querier").splitlines()
    assert line.startswith("error: ")
    assert names(line, "127.0.0.1", taken, "LABELLOOP_HEALTH_PORT")
