"""Services of 0.1.0 on a Kafka log are replaced by ours, one by one, while people answer; one goes back."""

import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.state import LoopState
from labelloop.oracle.escaping import is_escaped
from schemas.events import ModelTrained
from schemas.parts import BaseModelChoice
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.kafka_view import events_in, owners, repeated
from tests.support.load import Load
from tests.support.loop import ROOT, Loop, Row, a_loop
from tests.support.people import Owner, Person
from tests.support.states import LABELS
from tests.support.version_010 import labelloop_010

pytestmark = pytest.mark.timeout(600)

ORDER = ("annotation_watcher", "trainer", "querier")
"""In which docs/upgrade.md replaces them."""

ROWS: list[Row] = [
    (f"<b>mail</b> {number} about {LABELS[number % 3]} &amp; more", LABELS[number % 3])
    for number in range(600)
]


@pytest.fixture
def loop(
    tmp_path: Path, argilla_server: ArgillaServer, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", "1")
    monkeypatch.setenv("LABELLOOP_KAFKA_SESSION_TIMEOUT_MS", "6000")
    monkeypatch.setenv("LABELLOOP_CACHE", str(tmp_path / "cache"))
    log = f"kafka://{kafka}/upgrade-{secrets.token_hex(4)}"
    with a_loop(tmp_path / "home", argilla_server, log=log) as loop:
        yield loop


def replace(loop: Loop, service: str, old: str, new: str, code: Path = ROOT) -> None:
    """Start the new process beside the old one, then stop the old one: the new one takes over."""
    loop.start(service, as_=new, code=code)
    loop.until(lambda: loop.status_file(new).get("pid") == loop.processes[new].pid)
    assert loop.stop(old) == 0, loop.log_of(old)
    loop.until(lambda: set(owners(loop.settings.log, service).values()) == {new})


def done(state: LoopState) -> int:
    return sum(batch.done for batch in state.batches.values())


def models_of_both(loop: Loop, project: str) -> bool:
    """Whether 0.1.0 trained models and then we did; ours say what the trainer had read."""
    models: list[ModelTrained] = loop.payloads(project, "ModelTrained")
    by_010 = [model.log is None for model in models]
    assert by_010 == sorted(by_010, reverse=True)
    return set(by_010) == {True, False}


def records(loop: Loop, project: str) -> list[dict[str, Any]]:
    owner = Owner(loop.argilla, project)
    with loop.argilla.client() as client:
        answer = client.get(f"/datasets/{owner.dataset()}/records", params={"limit": 1000})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def are_literal(loop: Loop, project: str) -> bool:
    return all(is_escaped(record["metadata"]) for record in records(loop, project))


@pytest.mark.parametrize(
    ("services", "labels"),
    [
        # Of one label nothing can be learned: every batch is drawn at random.
        pytest.param(("annotation_watcher", "querier"), LABELS[:1], id="no model is due"),
        pytest.param(ORDER, LABELS, id="models pick", marks=pytest.mark.all_cells),
    ],
)
def test_services_are_replaced_one_by_one_while_people_answer_and_can_go_back(
    loop: Loop, code_010: Path, tiny: BaseModelChoice, services: Sequence[str], labels: Sequence[str]
) -> None:
    learns = "trainer" in services
    project = loop.create(ROWS, batch_size=3, model=tiny)
    person = Person(loop.argilla)
    for service in services:
        loop.start(service, as_=f"old-{service}", code=code_010)

    with Load(loop.argilla, project, person, lambda item: labels[item % len(labels)]) as load:
        loop.wait(project, lambda state: done(state) > 1 and bool(state.models) == learns)
        before = events_in(loop.settings.log)
        assert not any(is_escaped(record["metadata"]) for record in records(loop, project))

        for service in services:
            behind = done(loop.state(project))
            replace(loop, service, f"old-{service}", f"new-{service}")
            loop.wait(project, lambda state, behind=behind: done(state) > behind)  # type: ignore[misc]

        if learns:
            loop.until(lambda: models_of_both(loop, project))
        replace(loop, "annotation_watcher", "new-annotation_watcher", "back", code_010)
        behind = done(loop.state(project))
        loop.wait(project, lambda state: done(state) > behind)

    loop.wait(project, load.is_in)
    loop.until(lambda: are_literal(loop, project))
    events = events_in(loop.settings.log)
    assert events[: len(before)] == before
    assert not repeated(events)
    assert not loop.payloads(project, "ServiceFailed")
    assert models_of_both(loop, project) == learns
    for name in ("back", *(f"new-{service}" for service in services[1:])):
        loop.stop(name)
    ours = labelloop("replay", "--verify", "--log", loop.settings.log, "--json")
    theirs = labelloop_010(code_010, "replay", "--verify", "--log", loop.settings.log, "--json")
    assert json.loads(theirs.stdout)["digest"] == json.loads(ours.stdout)["digest"]
