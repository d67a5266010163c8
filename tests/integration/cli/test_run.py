"""`labelloop run` as a process: what it says, shows of itself, and ends with."""

import signal
from pathlib import Path

import pytest

from labelloop.observe.status_file import read_status_file
from tests.support import plain_http
from tests.support.command import command, error_line, eventually, labelloop
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.states import all_answered, project, queried

SAYS = """
import asyncio

from labelloop import Consumer

class Says(Consumer):
    def handle(self, event, state):
        print(event.name, flush=True)

    def close(self):
        print("closed", flush=True)

class Stuck(Says):
    async def handle(self, event, state):
        print("begun", flush=True)
        await asyncio.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a project, and a consumer in the folder that the command is given in."""
    (tmp_path / "says.py").write_text(SAYS)
    monkeypatch.chdir(tmp_path)
    return home_with(tmp_path / "home", project(), queried())


def test_it_follows_shows_itself_and_stops_in_order(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_HEALTH_PORT", "0")
    output = tmp_path / "output"

    with command("run", "says:Says", "--home", home, "--from", "now", output=output) as process:
        eventually(lambda: "health" in read_status_file(home / "run", "Says"), "it shows itself")
        address = read_status_file(home / "run", "Says")["health"]
        eventually(lambda: plain_http.get(f"{address}/readyz").status_code == 200, "it is ready")
        home_with(home, all_answered())
        eventually(lambda: "BatchAnnotated" in output.read_text(), "it is given what comes")
        assert (
            'labelloop_events_handled_total{project="mail-5e1f"' in plain_http.get(f"{address}/metrics").text
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    begun, *handled, ended, closed = output.read_text().splitlines()
    assert names(begun, "Says")
    assert handled == ["BatchAnnotated"]
    assert names(ended, "Says", 1)
    assert closed == "closed"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_what_is_cut_off_before_all_is_handled_says_so_by_its_exit_code(
    home: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    output = tmp_path / "output"

    with command("run", "says:Stuck", "--home", home, "--once", output=output) as process:
        eventually(lambda: "begun" in output.read_text(), "it handles")
        process.send_signal(number)
        assert process.wait(30) == code

    *_, ended, closed = output.read_text().splitlines()
    assert names(ended, "Stuck", 0)
    assert closed == "closed"


def test_one_project_is_a_group_of_its_own(home: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"

    with command("run", "says:Says", "--home", home, "--once", "--project", "mail", output=output) as process:
        assert process.wait(60) == 0

    assert names(output.read_text().splitlines()[0], "Says.mail-5e1f", "mail-5e1f")


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        ([], ("labelloop run --list",)),
        (["nothing"], ("'nothing'", "module:Class")),
        (["says:Says", "--project", "nope"], ("'nope'", "mail-5e1f")),
        (["says:Says", "--set", "depth=1"], ("says:Says", "--set", "'depth'")),
        (["says:Says", "--group", "trainer"], ("trainer", "--group")),
        (["says:Says", "--from", "noon"], ("--from", "'noon'", "'beginning'", "'now'")),
    ],
)
def test_what_is_wrong_is_told_in_a_line(home: Path, arguments: list[str], facts: tuple[str, ...]) -> None:
    assert names(error_line(labelloop("run", *arguments, "--home", home)), *facts)
