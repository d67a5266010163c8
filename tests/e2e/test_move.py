"""A project moves to Kafka and back while people label, by a command that is killed on the way."""

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from labelloop.loop.digest import loop_digest
from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from labelloop.store import open_store
from tests.support.argilla_server import ArgillaServer
from tests.support.command import LABELLOOP, PATIENCE, labelloop
from tests.support.loop import ROOT, Loop, a_loop, texts
from tests.support.messages import names
from tests.support.people import Person
from tests.support.simulated import simulated_annotators

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer")
BATCHES, SIZE = 3, 4


def create(loop: Loop) -> str:
    return loop.create(texts(BATCHES * SIZE + 8), batch_size=SIZE, max_batches=BATCHES, seed=3)


@contextmanager
def labelling(loop: Loop, project: str) -> Iterator[None]:
    """An annotator who answers by the gold labels."""
    pool = open_store(loop.settings.store).snapshot(loop.state(project).project.pool)
    with simulated_annotators(loop, project, pool, [Person(loop.argilla).key], seconds_per_label=0.05):
        yield


def done(state: LoopState, batches: int) -> bool:
    return sum(batch.done for batch in state.batches.values()) >= batches


def arguments(source: Loop, target: Loop, project: str) -> list[str]:
    stores = ["--from-store", source.settings.store, "--to-store", target.settings.store]
    return ["copy", source.settings.log, target.settings.log, "--project", project, *stores]


def copy(source: Loop, target: Loop, project: str) -> str:
    """Move it by the command line; what it said."""
    result = labelloop(*arguments(source, target, project))
    assert result.exit_code == 0, result.output
    return result.stdout


def copy_and_kill(source: Loop, target: Loop, project: str, when: Callable[[], object]) -> bool:
    """Move it by a process that is killed at a moment; whether it still ran then."""
    process = subprocess.Popen([*LABELLOOP, *arguments(source, target, project)], cwd=ROOT)
    give_up = time.monotonic() + PATIENCE
    # Its last steps take some hundredths of a second: who looks ten times a second may come too late.
    while not when() and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.005)
    runs = process.poll() is None
    process.kill()
    process.wait()
    return runs


def test_it_moves_to_kafka_and_back_and_ends_as_if_it_had_stayed(
    tmp_path: Path, argilla_server: ArgillaServer, kafka: str
) -> None:
    """Another one, alike, stays where it is."""
    with ExitStack() as stack:
        laptop = stack.enter_context(a_loop(tmp_path / "laptop", argilla_server))
        url = f"kafka://{kafka}/move-{secrets.token_hex(4)}"
        team = stack.enter_context(a_loop(tmp_path / "team", argilla_server, log=url))
        project, staying = create(laptop), create(laptop)
        for loop in (laptop, team):
            loop.start(*SERVICES)
        for each in (project, staying):
            stack.enter_context(labelling(laptop, each))
        laptop.wait(project, lambda state: done(state, 1))

        texts_there = team.home / "store" / project
        assert copy_and_kill(laptop, team, project, texts_there.exists)
        assert copy_and_kill(laptop, team, project, lambda: laptop.payloads(project, "ProjectMoved"))
        said = copy(laptop, team, project)

        assert names(said, project, url)
        team.wait(project, lambda state: done(state, BATCHES - 1))
        laptop.until(lambda: names(laptop.log_of("trainer"), project, url))
        there = len(laptop.history(project).datahashes)

        copy(team, laptop, project)

        state, undisturbed = laptop.wait(project, finished), laptop.wait(staying, finished)
        assert loop_digest(state) == loop_digest(undisturbed)
        assert current(state) == current(undisturbed)
        assert len(laptop.history(project).datahashes) > there
        verify = ("replay", "--verify", "--project", project, "--log", laptop.settings.log)
        verified = labelloop(*verify, "--store", laptop.settings.store)
        assert verified.exit_code == 0, verified.output
        moves = laptop.payloads(project, "ProjectMoved")
        assert [move.address for move in moves][-1] == laptop.settings.log
        result = labelloop("copy", url, url, "--project", project)
        assert result.exit_code == 2
