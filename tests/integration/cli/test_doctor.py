"""`labelloop doctor` on machines that are well, and on such that something is wrong with."""

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelloop.config.deployment import ArgillaAccess, save_elsewhere
from labelloop.config.home import Home, open_home
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from labelloop.supervisor.argilla import Embedded, remember_address
from labelloop.supervisor.lock import hold
from labelloop.supervisor.state import SupervisorState, write_state
from schemas.envelope import new_event
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import error_line, labelloop
from tests.support.disks import fill
from tests.support.homes import home_with
from tests.support.logs import write_log
from tests.support.messages import names
from tests.support.states import PROJECT, all_answered, project, queried
from tests.support.tiny_bert import QUICK
from tests.support.users import NOBODY, nobody

Findings = dict[str, tuple[str, str]]


def examined(*arguments: object, environment: Mapping[str, str] | None = None) -> Findings:
    """Level and line by check: the worst of each. The exit code must be as the levels are."""
    result = labelloop("doctor", "--json", *arguments, environment=environment)
    assert result.exit_code in (0, 1), result.output
    found: Findings = {}
    for each in sorted(
        json.loads(result.stdout), key=lambda each: ["ok", "warn", "fail"].index(each["level"])
    ):
        found[each["check"]] = (each["level"], each["said"])
    assert result.exit_code == any(level == "fail" for level, _ in found.values())
    return found


def bad(found: Findings) -> Findings:
    return {check: finding for check, finding in found.items() if finding[0] != "ok"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A project with an answered batch, and a port of its own for Argilla."""
    home = open_home(home_with(tmp_path / "home", project(), queried(), all_answered()))
    remember_address(home, Embedded("127.0.0.1", free_port()))
    return home


def test_a_fresh_machine_is_well_and_stays_as_it_is(tmp_path: Path) -> None:
    found = examined("--home", tmp_path / "new")

    found.pop("ports")
    assert not bad(found)
    assert set(found) == {"python", "versions", "home", "disk", "argilla", "model", "clock"}
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_well_is_told_by_a_line_for_each_check(home: Home) -> None:
    assert not bad(examined("--home", home.path))

    lines = labelloop("doctor", "--home", home.path).stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert any(names(line, home.log_url, 1, 3) for line in lines)


def test_of_a_home_that_is_served_argilla_is_asked(home: Home, argilla_server: ArgillaServer) -> None:
    home.argilla.symlink_to(argilla_server.home)
    with hold(home.run):
        write_state(home.run, SupervisorState(os.getpid(), 0.0, argilla_server.url))
        found = examined("--home", home.path)

    assert not bad(found)
    assert names(found["argilla"][1], "2.8.0", argilla_server.url)
    assert names(found["ports"][1], os.getpid())
    assert names(found["clock"][1], "Argilla")


def test_a_taken_port_is_told(home: Home) -> None:
    with listening() as port, listening() as other:
        remember_address(home, Embedded("127.0.0.1", port))
        found = examined("--home", home.path)
        assert set(bad(found)) == {"ports"}
        assert names(found["ports"][1], port, "127.0.0.1", "--port")

        remember_address(home, Embedded("127.0.0.1", free_port()))
        health = {"LABELLOOP_HEALTH_PORT": str(other - 1)}
        assert names(examined("--home", home.path, environment=health)["ports"][1], other)


def test_a_full_disk_is_told(tiny_disk: Path) -> None:
    home = home_with(tiny_disk / "home", project())
    fill(tiny_disk)

    level, said = examined("--home", home)["disk"]

    assert level == "fail"
    assert names(said, "0.0 GB", home)


@pytest.mark.parametrize("name", ["", "log.sqlite", "log.sqlite-wal", "store"])
def test_a_home_that_this_user_may_not_use_is_told(home: Home, name: str) -> None:
    refused = home.path / name
    if name == "store":
        home.store.mkdir()
    # Imports what another user may not: the interpreter may lie in root's own folder.
    assert not bad(examined("--home", home.path))
    if name == "log.sqlite-wal":
        refused.touch()
    refused.chmod(0)
    if name and os.geteuid() == 0:
        for place in (home.path, *home.path.iterdir()):
            os.chown(place, NOBODY, -1)
    try:
        with nobody(home.path):
            level, said = examined("--home", home.path)["home"]
    finally:
        refused.chmod(0o700)

    assert level == "fail"
    assert names(said, refused, "000", f"chown -R {NOBODY if os.geteuid() == 0 else os.geteuid()} {refused}")


def test_a_home_that_this_user_cannot_reach_is_told(home: Home) -> None:
    assert not bad(examined("--home", home.path))
    above = home.path.parent
    above.chmod(0)
    try:
        with nobody(above):
            level, said = examined("--home", home.path)["home"]
    finally:
        above.chmod(0o700)

    assert level == "fail"
    assert names(said, above)
    assert not names(said, home.path)


def test_no_home_is_needed_where_the_log_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    log = ("--log", f"kafka://127.0.0.1:{free_port()}/x")
    assert examined(*log)["home"][0] == "ok"
    Path().chmod(0o555)
    with nobody(Path.cwd()):
        assert examined(*log)["home"][0] == "ok"
        assert examined("--home", ".labelloop", *log)["home"][0] == "fail"


def test_a_key_that_others_may_read_is_told(home: Home) -> None:
    credentials(home.argilla)
    (home.argilla / "secrets.json").chmod(0o644)

    found = examined("--home", home.path)

    assert names(bad(found)["home"][1], f"chmod 600 {home.argilla / 'secrets.json'}")


def test_a_folder_that_is_no_home_is_told(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    level, said = examined("--home", tmp_path)["home"]

    assert level == "fail"
    assert names(said, tmp_path, "--home")


def test_an_argilla_elsewhere_must_answer_and_take_the_key(home: Home, argilla_server: ArgillaServer) -> None:
    here = ("--home", home.path, "--argilla-url", argilla_server.url, "--argilla-key")
    annotator = asyncio.run(_annotator(argilla_server))

    assert "ports" in examined(*here, argilla_server.login.api_key)
    assert not bad(examined(*here, argilla_server.login.api_key))
    assert names(bad(examined(*here, "wrong"))["argilla"][1], argilla_server.url, "key")
    assert names(bad(examined(*here, annotator))["argilla"][1], argilla_server.url, "patient", "annotator")
    away = f"http://127.0.0.1:{free_port()}"
    save_elsewhere(home, ArgillaAccess(away, "key"))
    assert names(bad(examined("--home", home.path))["argilla"][1], away)


def test_an_argilla_without_a_key_is_told(home: Home) -> None:
    found = examined("--home", home.path, "--argilla-url", "http://there")

    assert names(bad(found)["settings"][1], "http://there", "--argilla-key")


def test_a_damaged_log_a_halted_project_and_one_from_the_future_are_told(tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    late = new_event(PROJECT, project(), source="tests", time=tomorrow)
    asyncio.run(write_log(tmp_path / "late.sqlite", [late]))
    stray = new_event(PROJECT, all_answered("7"), source="tests")
    asyncio.run(write_log(tmp_path / "halted.sqlite", [late, stray]))
    (tmp_path / "damaged.sqlite").write_bytes(b"SQLite format 3\0" + bytes(4096))

    def said(name: str, check: str) -> str:
        found = examined("--home", tmp_path / "none", "--log", f"sqlite:///{tmp_path}/{name}.sqlite")
        assert bad(found)["store"][0] == "warn"
        return bad(found)[check][1]

    assert names(said("late", "clock"), tomorrow.isoformat(timespec="seconds"))
    assert names(said("halted", "log"), PROJECT, stray.id)
    assert names(said("damaged", "log"), tmp_path / "damaged.sqlite")
    assert names(said("none", "log"), tmp_path / "none.sqlite")


def test_a_store_that_cannot_be_opened_is_told(home: Home) -> None:
    found = examined(
        "--home", home.path, "--store", "s3://bucket", environment={"LABELLOOP_STORE_OPTIONS": "{"}
    )

    assert names(bad(found)["store"][1], "LABELLOOP_STORE_OPTIONS", "JSON")


def test_a_broker_that_is_down_is_told(tmp_path: Path) -> None:
    servers = f"127.0.0.1:{free_port()}"

    found = examined("--home", tmp_path / "new", "--log", f"kafka://{servers}/x")

    assert names(bad(found)["log"][1], servers, "--log")


def test_a_broker_that_answers_is_left_as_it_is(tmp_path: Path, kafka: str) -> None:
    log, store = f"kafka://{kafka}/doctor-{secrets.token_hex(3)}", str(tmp_path / "store")
    where = ("--home", tmp_path / "new", "--log", log, "--store", store)
    for _ in range(2):
        level, said = examined(*where)["log"]
        assert level == "ok"
        assert names(said, log)
        assert not names(said, 1)

    (tmp_path / "mail.csv").write_text("text\nwin a prize\nlunch?\n")
    data = ("--dataset", tmp_path / "mail.csv", "--labels", "spam,ham", "--batch-size", 1, *QUICK)
    assert labelloop("init", "--log", log, "--store", store, *data).exit_code == 0
    level, said = examined(*where)["log"]
    assert level == "ok"
    assert names(said, log, 1)
    other = {"LABELLOOP_KAFKA_PARTITIONS": "3"}
    assert names(bad(examined(*where, environment=other))["log"][1], 3, "LABELLOOP_KAFKA_PARTITIONS")


@contextmanager
def listening() -> Iterator[int]:
    """A port that is taken."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def _annotator(server: ArgillaServer) -> str:
    async with Argilla(server.url, server.login.api_key) as owner:
        return (await owner.create_annotator("patient", "doctors")).api_key


@pytest.mark.parametrize("asked", [("status",), ("init", "--dataset", "mail.csv"), ("pause",)])
def test_a_command_whose_kafka_does_not_answer_names_it_and_the_doctor(asked: tuple[str, ...]) -> None:
    port = free_port()

    line = error_line(labelloop(*asked, "--log", f"kafka://127.0.0.1:{port}/x", "--store", "store"))

    assert names(line, f"127.0.0.1:{port}", f"labelloop doctor --log kafka://127.0.0.1:{port}/x")
