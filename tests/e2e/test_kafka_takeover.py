"""Several processes of each service share the projects, and take over from one that is killed or frozen."""

import json
import secrets
import signal
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from labelloop.loop.schedule import finished
from schemas.parts import BaseModelChoice, Choice
from tests.support.argilla_server import ArgillaServer
from tests.support.gold_work import GoldWork
from tests.support.kafka_view import events_in, owners, partition_of, project_in, repeated
from tests.support.loop import Loop, a_loop
from tests.support.people import Person

PARTITIONS, BATCHES, SIZE = 6, 4, 3
STATES = {"trainer": "ModelTrained", "querier": "BatchQueried", "annotation_watcher": "BatchAnnotated"}
TEAM = {
    service: [f"{service}-{number}" for number in range(count)]
    for service, count in (("trainer", 3), ("querier", 3), ("annotation_watcher", 2))
}


@pytest.fixture
def loop(
    tmp_path: Path, argilla_server: ArgillaServer, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", str(PARTITIONS))
    monkeypatch.setenv("LABELLOOP_KAFKA_SESSION_TIMEOUT_MS", "6000")
    monkeypatch.setenv("LABELLOOP_LOG_FORMAT", "json")
    log = f"kafka://{kafka}/takeover-{secrets.token_hex(4)}"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop


def start(loop: Loop, service: str, names: Collection[str]) -> None:
    for name in names:
        loop.start(service, as_=name)


def shared(loop: Loop, service: str, names: Collection[str]) -> bool:
    """Whether these processes own the service's partitions, each its share."""
    share = PARTITIONS // len(names)
    return Counter(owners(loop.settings.log, service).values()) == dict.fromkeys(names, share)


def wrote(loop: Loop, name: str, event: str) -> set[str]:
    """The projects for which this process has appended such events."""
    return {line["project"] for line in lines_of(loop, name) if line.get("event_type") == event}


def lines_of(loop: Loop, name: str) -> list[dict[str, Any]]:
    """The log lines of a process, from whatever part of it."""
    return [json.loads(line) for line in loop.log_of(name).splitlines() if line.startswith("{")]


def warnings(loop: Loop, name: str) -> int:
    """How often a process of ours has warned."""
    ours = [line for line in lines_of(loop, name) if line["logger"].startswith("labelloop")]
    return sum(line["level"] == "warning" for line in ours)


@pytest.mark.all_cells
def test_work_is_spread_and_goes_to_the_others_when_processes_are_killed(
    loop: Loop, tiny: BaseModelChoice
) -> None:
    for service, names in TEAM.items():
        start(loop, service, names)
    for service, names in TEAM.items():
        loop.until(lambda s=service, n=names: shared(loop, s, n))  # type: ignore[misc]
    ann = Person(loop.argilla)
    places = [project_in(partition, PARTITIONS) for partition in range(PARTITIONS)]
    works = [GoldWork(loop, ann, BATCHES, SIZE, project, lookahead=0, model=tiny) for project in places]

    for work in works:
        work.label(0)
    for work in works:
        work.wait_for(1)
    for service, names in TEAM.items():
        assert all(wrote(loop, name, STATES[service]) for name in names), "each did some of the work"

    before = {service: owners(loop.settings.log, service) for service in TEAM}
    for work in works:
        work.label(1)
    for service, (victim, *_) in TEAM.items():
        assert victim in before[service].values()
        loop.kill(victim)
        assert loop.processes[victim].returncode == -signal.SIGKILL
    for batch in range(2, BATCHES):
        for work in works:
            work.label(batch)
    for work in works:
        loop.wait(work.project, finished)

    for service, (victim, *others) in TEAM.items():
        assert shared(loop, service, others)
        lost = {p for p in places if before[service][partition_of(p, PARTITIONS)] == victim}
        taken = set.union(*(wrote(loop, name, STATES[service]) for name in others))
        assert lost <= taken, "its projects went on in other processes"
    assert all(work.is_complete() for work in works)
    assert repeated(events_in(loop.settings.log)) == []


@pytest.mark.all_cells
def test_a_trainer_that_was_frozen_is_refused_and_joins_again(own_learner: None, loop: Loop) -> None:
    ann = Person(loop.argilla)
    slow = Choice(name="transformer", parameters={"min_steps": 30})
    work = GoldWork(loop, ann, 2, SIZE, classifier=slow)
    partition = partition_of(work.project, PARTITIONS)
    start(loop, "trainer", TEAM["trainer"][:2])
    loop.start("querier", "annotation_watcher")
    loop.until(lambda: shared(loop, "trainer", TEAM["trainer"][:2]))
    owner = owners(loop.settings.log, "trainer")[partition]
    (other,) = {*TEAM["trainer"][:2]} - {owner}
    work.wait_for(1)
    loop.until(lambda: is_warm(loop, owner))

    work.label(0)
    loop.until(lambda: is_training(loop, owner))
    loop.freeze(owner)
    process = psutil.Process(loop.processes[owner].pid)
    loop.until(lambda: process.status() == psutil.STATUS_STOPPED)
    loop.until(lambda: owners(loop.settings.log, "trainer").get(partition) == other)
    loop.until(lambda: is_training(loop, other))
    with suspended(loop, other):
        loop.until(lambda: not is_training(loop, owner))
        before = warnings(loop, owner)
        loop.wake(owner)
        loop.until(lambda: warnings(loop, owner) > before)
        assert not loop.state(work.project).models, "its append was refused"

    loop.until(lambda: shared(loop, "trainer", (owner, other)))
    loop.wait(work.project, lambda state: "0" in state.models)
    loop.kill(other)
    work.label(1)
    loop.wait(work.project, finished)

    assert loop.is_running(owner)
    assert wrote(loop, owner, "ModelTrained") == {work.project}
    assert work.is_complete()
    assert repeated(events_in(loop.settings.log)) == []


@contextmanager
def suspended(loop: Loop, trainer: str) -> Iterator[None]:
    """Its training stands still, so that it is not the first to say that the model is trained."""
    own = loop.processes[trainer].pid
    tasks = [child for child in loop.children(trainer) if child.ppid() != own]
    for task in tasks:
        task.suspend()
    yield
    for task in tasks:
        with suppress(psutil.NoSuchProcess):
            task.resume()


def is_warm(loop: Loop, trainer: str) -> bool:
    """Whether only its warm process, and the one that tracks resources, are left of what it started."""
    return len(loop.children(trainer)) == 2


def is_training(loop: Loop, trainer: str) -> bool:
    return len(loop.children(trainer)) > 2
