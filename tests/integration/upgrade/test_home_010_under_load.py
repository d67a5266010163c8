"""A home that runs under 0.1.0 is upgraded while people answer: no answer that Argilla took is lost."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from schemas.envelope import Event
from tests.fixtures.home_010.texts import POOL
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import PATIENCE, command, eventually, labelloop
from tests.support.home_010 import SAID, Home010, unpacked
from tests.support.load import Load
from tests.support.log_thread import LogThread
from tests.support.people import Person
from tests.support.version_010 import command_010, environment_010, labelloop_010

pytestmark = [pytest.mark.all_cells, pytest.mark.timeout(600)]

PEOPLE = ("ada", "ben")


@contextmanager
def up_010(code: Path, kept: Home010, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`labelloop up` of 0.1.0 on its home."""
    arguments = ("up", "--home", kept.home, "--port", port)
    with (kept.folder / "up-010.txt").open("wb") as output:
        process = subprocess.Popen(
            command_010(*arguments),
            env=environment_010(code, **kept.environment),
            cwd=code,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def is_watched(home: Path) -> bool:
    status = labelloop("status", "--home", home, "--json")
    return "annotation_watcher" in json.loads(status.stdout)["services"]


class Watched:
    """The home's log, read on as it grows."""

    def __init__(self, home: Path) -> None:
        self._log = LogThread(f"sqlite:///{home / 'log.sqlite'}")
        self._history = History(SAID["project"])
        self.events: list[Event] = []

    def state(self) -> LoopState:
        for record in self._log.read_on():
            assert record.event is not None, record.problem
            self.events.append(record.event)
            self._history.add(record.event)
        return created(self._history)

    def until(self, holds: Callable[[LoopState], object], what: str) -> None:
        eventually(lambda: bool(holds(self.state())), what)

    def close(self) -> None:
        self._log.close()


def test_people_answer_while_their_home_is_upgraded(
    tmp_path: Path, code_010: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = unpacked(tmp_path)
    for name, value in kept.environment.items():
        monkeypatch.setenv(name, value)
    argilla, log = ArgillaServer(kept.home / "argilla", free_port()), Watched(kept.home)
    log.state()
    before = list(log.events)

    with ExitStack() as loads:
        with up_010(code_010, kept, argilla.port) as old:
            eventually(lambda: argilla.answers() and is_watched(kept.home), "0.1.0 serves its home")
            people = [Person(argilla, name) for name in PEOPLE]
            answering = [
                loads.enter_context(Load(argilla, SAID["project"], person, lambda item: str(POOL[item][1])))
                for person in people
            ]
            eventually(lambda: all(len(load.labels_given) > 2 for load in answering), "people answer")
            assert labelloop_010(code_010, "down", "--home", kept.home).returncode == 0
            assert old.wait(PATIENCE) == 0
        given = [len(load.labels_given) for load in answering]

        with command("up", "--home", kept.home, output=tmp_path / "up.txt") as new:
            log.until(lambda state: "6" in state.batches and state.batches["5"].done, "the loop goes on")
            for load in answering:
                load.stop()
            assert all(len(load.labels_given) > count for load, count in zip(answering, given, strict=True))
            log.until(
                lambda state: all(load.is_in(state) for load in answering),
                "each answer that Argilla took is in the log",
            )
            assert labelloop("down", "--home", kept.home).exit_code == 0
            assert new.wait(PATIENCE) == 0

    log.state()
    log.close()
    assert log.events[: len(before)] == before
    assert "ServiceFailed" not in [event.name for event in log.events[len(before) :]]
    verified = json.loads(labelloop("replay", "--verify", "--home", kept.home, "--json").stdout)["verified"]
    assert verified["events"] == len(log.events)
