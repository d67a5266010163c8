"""One batch followed through the logs of all services, as someone who looks for a fault would."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop, texts
from tests.support.messages import names
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS

SERVICES = ("querier", "annotation_watcher", "trainer")
CHAIN = ("BatchQueried", "BatchAnnotated", "ModelTrained")


@pytest.fixture
def loop(tmp_path: Path, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path / "home", argilla_server) as loop:
        yield loop


def test_a_batch_is_followed_by_its_name_and_each_event_to_what_it_caused(loop: Loop) -> None:
    project = loop.create(texts(12), batch_size=6, max_batches=1, lookahead=0)
    loop.start(*SERVICES, LABELLOOP_LOG_FORMAT="json")
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 6)
    label_all(ann, owner.records(0), lambda item: LABELS[item % len(LABELS)])
    loop.wait(project, lambda state: "0" in state.models)
    loop.until(lambda: '"event_type": "ModelTrained"' in loop.log_of("trainer"))

    lines = [line for service in SERVICES for line in _told(loop, service)]

    about = [line for line in lines if line.get("project") == project and line.get("batch") == "0"]
    assert {line["service"] for line in about} == set(SERVICES)
    assert {line["correlation_id"] for line in about} == {project}
    appended = {line["event_type"]: line for line in about if "event_id" in line}
    queried, annotated, trained = (appended[name] for name in CHAIN)
    assert queried["event_id"] == annotated["causation_id"]
    assert annotated["event_id"] == trained["causation_id"]
    assert (queried["service"], annotated["service"], trained["service"]) == SERVICES
    assert trained["model"] == "0"
    in_the_log = {event.id: event.name for event in loop.events}
    assert all(in_the_log[line["event_id"]] == name for name, line in appended.items())
    for service, due, cause in (
        ("querier", "pick batch 0", loop.state(project).created_id),
        ("trainer", "train model 0", annotated["event_id"]),
    ):
        work = [line for line in about if line["service"] == service and names(line["message"], due)]
        assert [line["causation_id"] for line in work] == [cause, cause], "it begins, and is done"


def test_no_key_or_password_is_in_a_log(loop: Loop) -> None:
    loop.create(texts(3))
    key = loop.argilla.login.api_key
    with_credentials = loop.argilla.url.replace("http://", "http://ada:s3cret-pw@")

    loop.start(
        "annotation_watcher",
        "querier",
        LABELLOOP_LOG_FORMAT="json",
        LABELLOOP_ARGILLA_URL=with_credentials,
        LABELLOOP_ARGILLA_KEY=f"{key}-of-nobody",
    )

    for service in ("annotation_watcher", "querier"):
        loop.until(lambda s=service: "waiting" in loop.status_file(s))  # type: ignore[misc]
        loop.until(lambda s=service: '"level": "warning"' in loop.log_of(s))  # type: ignore[misc]
        assert key not in loop.log_of(service)
        assert "s3cret-pw" not in loop.log_of(service)


def _told(loop: Loop, service: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in loop.log_of(service).splitlines()]
