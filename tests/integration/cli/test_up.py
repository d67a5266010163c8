"""`labelloop up` as a user runs it: real services, a real Argilla, no annotator."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from labelloop.cli.live_view import UNTESTED
from labelloop.learner.shared import SHARED
from schemas.envelope import new_event
from tests.support.alerts import silent_titles
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import command, error_line, eventually, labelloop, processes_about
from tests.support.learner import tasks
from tests.support.logs import write_log
from tests.support.messages import names
from tests.support.receivers import a_hook
from tests.support.states import all_answered, queried, trained
from tests.support.tiny_bert import QUICK

pytestmark = pytest.mark.timeout(600)

BODIES = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm", "you were chosen"]
SERVICES = {"argilla", "annotation_watcher", "querier", "trainer", "evaluator", "dashboard"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def up(tmp_path: Path, home: Path) -> list[object]:
    """All that a user must give, the port apart."""
    (tmp_path / "mail.csv").write_text("body\n" + "\n".join(BODIES) + "\n")
    data = ["--dataset", tmp_path / "mail.csv", "--text-column", "body", "--labels", "spam,ham"]
    return ["up", "--home", home, "--port", free_port(), *data, "--batch-size", 2]


def without_port(up: list[object]) -> list[object]:
    return [*up[:3], *up[5:]]


def status(home: Path) -> dict[str, Any]:
    result = labelloop("status", "--home", home, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def links(output: Path) -> list[str]:
    lines = output.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "/annotation-mode?sort=metadata.batch.asc" in line]


def test_people_are_served_until_down_and_then_from_where_it_stopped(
    tmp_path: Path, home: Path, up: list[object]
) -> None:
    output, again = tmp_path / "output", tmp_path / "output-again"

    public = "https://labels.example"
    with command(*up, "--argilla-public-url", f"{public}/", output=output) as process:
        eventually(lambda: len(links(output)) == 1, "the first batch is on screen")
        eventually(lambda: status(home)["services"].keys() == SERVICES, "all services are there")
        both = {"done": 0, "open": 2}
        eventually(lambda: status(home)["projects"][0]["batches"] == both, "so is the second one")
        found = status(home)
        assert found["running"]
        assert {service["state"] for service in found["services"].values()} == {"running"}

        assert UNTESTED in output.read_text(encoding="utf-8").splitlines()

        added = json.loads(labelloop("annotators", "add", "ada", "--home", home, "--json").stdout)
        assert added["url"] == public
        assert len(added["password"]) >= 8
        assert names(error_line(labelloop("annotators", "add", "ada", "--home", home)), "ada")
        forgot = json.loads(labelloop("annotators", "password", "ada", "--home", home, "--json").stdout)
        assert forgot["password"] != added["password"]
        nobody = error_line(labelloop("annotators", "password", "bob", "--home", home))
        assert names(nobody, "labelloop annotators add bob")
        listed = json.loads(labelloop("annotators", "list", "--home", home, "--json").stdout)
        assert {user["username"]: user["role"] for user in listed} == {"owner": "owner", "ada": "annotator"}

        half = tmp_path / "half.csv"
        half.write_text("body,kind\nyes,spam\nno,ham\n" + "".join(f"{body},\n" for body in BODIES))
        second = labelloop(
            *("import", half, "--home", home, "--name", "second", "--text-column", "body"),
            *("--label-column", "kind", "--batch-size", 3, *QUICK),
        )
        assert second.exit_code == 0, second.output
        eventually(lambda: len(links(output)) == 2, "the second project's first open batch is on screen")

        assert labelloop("down", "--home", home).exit_code == 0
        assert process.wait(10) == 0
    assert not processes_about(home)
    assert not status(home)["running"]

    with command(*without_port(up), output=again) as process:
        eventually(lambda: len(links(again)) == 2, "both projects go on")
        said = again.read_text(encoding="utf-8")
        assert names(said, "goes on with", found["projects"][0]["project"], "batch 0", "batch 1")
        assert all(f"{public}/dataset" in link for link in links(again))
        assert UNTESTED in said.splitlines()
        assert status(home)["argilla"] == found["argilla"]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert len(status(home)["projects"]) == 2
    assert not processes_about(home)


def test_of_a_finished_project_is_told_what_to_do_next(
    tmp_path: Path, home: Path, up: list[object], argilla_server: ArgillaServer
) -> None:
    access = ["--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key]
    made = labelloop("init", *without_port(up)[1:], *QUICK, "--batches", 1, "--json")
    project = json.loads(made.stdout)["project"]
    log = home / "log.sqlite"
    done = (queried("0", (0, 1)), all_answered("0", (0, 1)), trained("0", {"0": 0}))
    asyncio.run(write_log(log, [new_event(project, data, source="tests") for data in done]))
    output = tmp_path / "output"

    with command("up", "--home", home, *access, output=output):
        eventually(
            lambda: names(output.read_text(encoding="utf-8"), "labelloop export --project mail"),
            "it says what to do next",
        )

    assert names(output.read_text(encoding="utf-8"), "labelloop change mail --batches 2")


@pytest.mark.all_cells
def test_argilla_log_and_store_elsewhere_are_used_and_remembered(
    tmp_path: Path, home: Path, up: list[object], argilla_server: ArgillaServer
) -> None:
    access = ["--argilla-url", f"{argilla_server.url}/", "--argilla-key", argilla_server.login.api_key]
    log = f"sqlite:///{tmp_path}/team/log.sqlite"
    elsewhere = ["--log", log, "--store", tmp_path / "team" / "store"]

    with command(*up, *access, *elsewhere, output=tmp_path / "output"):
        eventually(lambda: len(links(tmp_path / "output")) == 1, "the first batch is on screen")
        assert argilla_server.url in links(tmp_path / "output")[0]
        found = status(home)
        assert found["services"].keys() == SERVICES - {"argilla"}
        assert (found["log"], found["store"]) == (log, f"{tmp_path}/team/store")
        assert found["projects"][0]["batches"]["open"] >= 1
        made = json.loads(labelloop("annotators", "add", "eve", "--home", home, "--json").stdout)
        assert made["url"] == argilla_server.url

    public = ["--argilla-public-url", "https://labels.example"]
    with command("up", "--home", home, *public, output=tmp_path / "again"):
        eventually(lambda: len(links(tmp_path / "again")) == 1, "it goes on with that Argilla")
        assert "https://labels.example/" in links(tmp_path / "again")[0]
        assert names((tmp_path / "again").read_text(encoding="utf-8"), log)
    assert not (home / "log.sqlite").exists()
    assert not (home / "store").exists()


@pytest.mark.all_cells
def test_somebody_is_told_of_a_service_that_is_frozen_and_the_evaluator_can_be_left_out(
    tmp_path: Path, home: Path, up: list[object], argilla_server: ArgillaServer
) -> None:
    access = ["--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key]
    silent, over = silent_titles("annotation_watcher")
    with a_hook() as hook:
        told = ["--no-evaluate", "--alert", hook.url, "--alert-rule", "silent=6s"]
        with command(*up, *access, *told, output=tmp_path / "output"):
            services = {*SERVICES, "alerting"} - {"argilla", "evaluator"}
            eventually(lambda: len(links(tmp_path / "output")) == 1, "the first batch is on screen")
            eventually(lambda: status(home)["services"].keys() == services, "all services are there")
            eventually(lambda: status(home)["services"]["alerting"].get("doing") == "idle", "it alerts")
            watcher = status(home)["services"]["annotation_watcher"]["pid"]
            os.kill(watcher, signal.SIGSTOP)
            try:
                eventually(lambda: silent in hook.titles, "it is told")
            finally:
                os.kill(watcher, signal.SIGCONT)
            eventually(lambda: over in hook.titles, "it is over")
    log = (home / "logs" / "alerting.log").read_text(encoding="utf-8")
    assert "topsecret" not in log + (tmp_path / "output").read_text(encoding="utf-8")


@pytest.mark.all_cells
def test_the_learner_is_a_process_of_the_home_and_is_started_again(
    own_learner: None, tmp_path: Path, home: Path, up: list[object], argilla_server: ArgillaServer
) -> None:
    access = ["--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key]

    with command(*up, *access, output=tmp_path / "output"):
        eventually(lambda: len(links(tmp_path / "output")) == 1, "the first batch is on screen")
        found = status(home)["services"]
        assert found.keys() == {*SERVICES, "learner"} - {"argilla"}
        socket = Path(learner_of(found["trainer"]["pid"]))
        assert {learner_of(found[name]["pid"]) for name in ("querier", "evaluator")} == {str(socket)}
        assert not any(tasks(service["pid"]) for name, service in found.items() if name != "learner")

        psutil.Process(found["learner"]["pid"]).kill()

        eventually(lambda: status(home)["services"]["learner"]["restarts"] == 1, "it is started again")
        eventually(lambda: status(home)["services"]["learner"]["state"] == "running", "it runs again")
        assert not any(
            service["restarts"] for name, service in status(home)["services"].items() if name != "learner"
        )
    assert not socket.parent.exists()


def learner_of(service: int) -> str:
    """Where a service, by its pid, asks for its tasks."""
    return psutil.Process(service).environ()[SHARED]


def test_the_key_of_an_annotator_is_not_enough(
    home: Path, up: list[object], argilla_server: ArgillaServer
) -> None:
    with argilla_server.client() as client:
        account = {"username": "mallory", "first_name": "m", "role": "annotator", "password": "12345678"}
        key = client.post("/users", json=account).raise_for_status().json()["api_key"]

    line = error_line(labelloop(*up, "--argilla-url", argilla_server.url, "--argilla-key", key))

    assert names(line, argilla_server.url, "mallory", "annotator")


def test_events_are_followed_as_they_come(tmp_path: Path, home: Path, up: list[object]) -> None:
    assert labelloop("init", *without_port(up)[1:], *QUICK).exit_code == 0
    output = tmp_path / "events"

    with command("events", "--home", home, "--follow", "--json", output=output) as process:
        eventually(lambda: "ProjectCreated" in output.read_text(), "what was there is shown")
        assert labelloop("pause", "--home", home, "--why", "lunch").exit_code == 0
        eventually(lambda: "ProjectPaused" in output.read_text(), "what is new is shown")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130

    events = [json.loads(line) for line in output.read_text().splitlines()]
    assert [event["type"] for event in events] == [
        "labelloop.ProjectCreated.v2",
        "labelloop.ProjectPaused.v1",
    ]
    assert (events[1]["specversion"], events[1]["data"]["why"]) == ("1.0", "lunch")


@pytest.mark.all_cells
def test_after_a_killed_supervisor_its_services_end_and_the_next_up_works(
    tmp_path: Path, home: Path, up: list[object]
) -> None:
    with command(*up, output=tmp_path / "output") as process:
        eventually(lambda: len(links(tmp_path / "output")) == 1, "the first batch is on screen")
        process.kill()
        process.wait()
    eventually(lambda: not processes_about(home), "the services have noticed")

    with command(*up, output=tmp_path / "again") as process:
        eventually(lambda: len(links(tmp_path / "again")) == 1, "the first batch is on screen again")
        pids = [service["pid"] for service in status(home)["services"].values()]
        os.kill(pids[0], signal.SIGKILL)
        eventually(lambda: status(home)["services"]["argilla"]["restarts"] == 1, "Argilla is started again")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert not processes_about(home)
