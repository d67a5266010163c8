"""Starting, stopping, crashing and starting again."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import httpx
import psutil
import pytest

from tests.support import plain_http
from tests.support.argilla_api import make_dataset, ok, record, respond, terms
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.messages import names

PATIENCE = 90


def wait_until(met: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)


def test_a_start_makes_one_owner_whose_login_works(argilla_server: ArgillaServer) -> None:
    login = argilla_server.login
    with argilla_server.client() as client:
        owner = ok(client.get("/me"))
        users = ok(client.get("/users"))["items"]
    form = {"username": login.username, "password": login.password}
    assert (owner["username"], owner["role"]) == (login.username, "owner")
    assert all(user["username"] != "argilla" for user in users)
    assert plain_http.post(f"{argilla_server.url}/api/v1/token", data=form, timeout=30).status_code == 201


def test_a_long_message_is_one_line_of_the_log(tmp_path: Path) -> None:
    server = ArgillaServer(tmp_path / "home", free_port())
    with (tmp_path / "log").open("wb") as log:
        server.process = subprocess.Popen(server.command, stderr=log, stdout=log)
        try:
            wait_until(server.answers)
            with server.client() as client:
                refused = client.post("/users", json={"username": ["x" * 300], "password": None})
        finally:
            server.stop()

    assert refused.status_code == 422
    told = [line for line in (tmp_path / "log").read_text().splitlines() if "[error" in line]
    assert len(told) == 1, told
    assert names(told[0], "username", "password", "x" * 300)


def test_the_default_account_is_absent(argilla_server: ArgillaServer) -> None:
    form = {"username": "argilla", "password": "12345678"}
    token = plain_http.post(f"{argilla_server.url}/api/v1/token", data=form, timeout=30)
    with argilla_server.client("argilla.apikey") as client:
        assert (token.status_code, client.get("/me").status_code) == (401, 401)


def test_files_are_the_owners_alone(argilla_server: ArgillaServer) -> None:
    files = [path for path in argilla_server.home.iterdir() if path.is_file()]
    assert argilla_server.home.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}
    assert (argilla_server.home / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_the_web_page_is_served(argilla_server: ArgillaServer) -> None:
    page = plain_http.get(argilla_server.url, timeout=30)
    assert page.is_success
    assert "<title>Argilla" in page.text


def test_its_pages_load_and_run_nothing_of_others(argilla_server: ArgillaServer) -> None:
    page = plain_http.get(f"{argilla_server.url}/")
    sheets = re.findall(r'href="([^"]+\.css)"', page.text)
    policy = page.headers["Content-Security-Policy"]

    assert sheets
    for sheet in sheets:
        assert "fonts.googleapis" not in plain_http.get(urljoin(str(page.url), sheet)).text
    assert "script-src 'self' 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "frame-ancestors 'self'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_a_start_writes_the_pages_that_it_changes_and_sends_the_others_as_they_lie(
    argilla_server: ArgillaServer,
) -> None:
    written = [path for path in (argilla_server.home / "tmp").rglob("*") if path.is_file()]
    page = plain_http.get(f"{argilla_server.url}/sign-in").text
    scripts = [
        plain_http.get(urljoin(argilla_server.url, src)) for src in re.findall(r'src="(/[^"]+)"', page)
    ]

    assert "index.html" in {path.name for path in written}
    assert len(written) < 50
    assert len(scripts) > 3
    for script in scripts:
        assert "javascript" in script.headers["Content-Type"]
        assert "@@baseUrl@@" not in script.text


@pytest.mark.parametrize(
    "path", ["/api/anything", "/api/v1/docs", "/api/v1/nothing", "/sign-in", "/queue.js", "/%00"]
)
def test_no_address_is_without_the_policy(argilla_server: ArgillaServer, path: str) -> None:
    answer = httpx.get(argilla_server.url + path)

    assert "script-src 'self'" in answer.headers.get("Content-Security-Policy", "")
    assert answer.status_code < 500


@pytest.mark.all_cells
def test_sigterm_stops_it_cleanly_and_a_restart_has_everything(own_argilla_server: ArgillaServer) -> None:
    login = own_argilla_server.login
    dataset = make_dataset(own_argilla_server.client())
    dataset.put([record(0, 0)])
    assert own_argilla_server.stop() == 0
    own_argilla_server.start()
    assert own_argilla_server.login == login
    assert dataset.ids() == ["0:0"]


@pytest.mark.all_cells
def test_a_kill_during_the_first_migration_is_survived(tmp_path: Path) -> None:
    server = ArgillaServer(tmp_path / "home", free_port())
    server.process = subprocess.Popen(server.command)
    wait_until((server.home / "argilla.db.new").exists)
    server.kill()
    assert not (server.home / "argilla.db").exists()
    server.start()
    try:
        assert ok(server.client().get("/me"))["username"] == server.login.username
    finally:
        server.stop()


@pytest.mark.all_cells
def test_a_kill_while_people_answer_loses_nothing_that_was_acknowledged(
    own_argilla_server: ArgillaServer,
) -> None:
    dataset = make_dataset(own_argilla_server.client())
    ids = dataset.put([record(0, rank) for rank in range(200)])
    acknowledged: list[str] = []

    def answer() -> None:
        for record_id in ids:
            try:
                respond(dataset.client, record_id, "human")
            except httpx.TransportError:
                return
            acknowledged.append(record_id)

    answering = threading.Thread(target=answer)
    answering.start()
    wait_until(lambda: len(acknowledged) >= 5)
    own_argilla_server.kill()
    answering.join()
    own_argilla_server.start()
    _, submitted = dataset.search(terms("response", ["submitted"], property="status"))
    assert len(acknowledged) <= submitted <= len(acknowledged) + 1 < len(ids)


def test_a_port_in_use_is_one_clear_line(argilla_server: ArgillaServer, tmp_path: Path) -> None:
    second = ArgillaServer(tmp_path / "home", argilla_server.port)
    ended = subprocess.run(second.command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert names(ended.stderr, argilla_server.port, "--port")


def test_a_home_in_use_is_one_clear_line(argilla_server: ArgillaServer) -> None:
    second = ArgillaServer(argilla_server.home, free_port())
    ended = subprocess.run(second.command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert str(argilla_server.home) in ended.stderr


@pytest.mark.all_cells
def test_it_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    server = ArgillaServer(tmp_path / "home", free_port())
    spawn = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"
    with subprocess.Popen([sys.executable, "-c", spawn, *server.command]) as parent:
        wait_until(server.answers)
        [child] = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
        child.wait(timeout=PATIENCE)
    assert not server.answers()


@pytest.mark.all_cells
def test_it_says_nothing_while_all_is_well(tmp_path: Path) -> None:
    server = ArgillaServer(tmp_path / "home", free_port())
    with (tmp_path / "log").open("w") as log:
        server.process = subprocess.Popen(server.command, stdout=log, stderr=log)
        wait_until(server.answers)
        dataset = make_dataset(server.client())
        dataset.put([record(0, rank) for rank in range(3)])
        dataset.search(text="text")
        assert server.stop() == 0
    assert (tmp_path / "log").read_text() == ""
