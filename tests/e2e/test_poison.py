"""What nobody should have written into the topic halts one project at most, which says so and can go on."""

import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Event, datahash, new_event
from schemas.events import EventData, ResponsesRecorded, ServiceFailed
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.kafka_records import put_event, put_record
from tests.support.loop import Loop, a_loop, texts
from tests.support.matrices import cells, selected
from tests.support.messages import names
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS, queried

SIZE = 3
TWO_MB = 2_000_000


def event(project: str, data: EventData, content: bytes | None = None, **attributes: str) -> Event:
    """The event that says this; with other content, the one that should have said it."""
    made = new_event(project, data, source="nobody")
    written = made.data if content is None else content
    return Event({**made.attributes, "datahash": datahash(written), **attributes}, written)


def answers() -> ResponsesRecorded:
    """What the watcher says first of batch 0."""
    return ResponsesRecorded(batch="0", number=0, items=())


def no_json(url: str, project: str) -> None:
    put_record(url, project, b"{nope", [])


def no_event(url: str, project: str) -> None:
    put_record(url, project, b'{"hello": "world"}', [("ce_type", b"labelloop.BatchQueried.v1")])


def two_mb_of_nothing(url: str, project: str) -> None:
    put_record(url, project, b"x" * TWO_MB, [])


def unknown(url: str, project: str) -> None:
    put_event(url, event(project, answers(), type="labelloop.Tomorrow.v1", mustunderstand="false"))


def conflicting(url: str, project: str) -> None:
    put_event(url, event(project, queried("0", (9, 10, 11))))


def two_mb_long(url: str, project: str) -> None:
    failed = ServiceFailed(service="nobody", due="x", kind="x", error="x" * TWO_MB, attempt=1)
    put_event(url, event(project, failed))


def not_json(url: str, project: str) -> None:
    put_event(url, event(project, answers(), content=b"{nope"))


def invalid(url: str, project: str) -> None:
    put_event(url, event(project, answers(), content=b'{"batch": "0", "number": "many", "items": []}'))


def other_bytes(url: str, project: str) -> None:
    put_event(url, event(project, answers(), datahash=datahash(b"something else")))


def unfit(url: str, project: str) -> None:
    put_event(url, event(project, ResponsesRecorded(batch="7", number=0, items=())))


def newer(url: str, project: str) -> None:
    put_event(url, event(project, answers(), type="labelloop.Tomorrow.v1"))


Poison = Callable[[str, str], None]
NO_EVENT: tuple[Poison, ...] = (no_json, no_event, two_mb_of_nothing)
HARMLESS: tuple[Poison, ...] = (*NO_EVENT, unknown, conflicting, two_mb_long)
HALTING: dict[Poison, str] = {
    not_json: "ResponsesRecorded",
    invalid: "number",
    other_bytes: "datahash",
    unfit: "7",
    newer: "Tomorrow",
}
HARMLESS_CELLS = cells(no_json, conflicting, rest=[no_event, two_mb_of_nothing, unknown, two_mb_long])
HALTING_CELLS = cells(invalid, newer, rest=[not_json, other_bytes, unfit])
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Scene:
    """A project for each poison, with a batch on the annotators' screen when it comes; all answered since."""

    def __init__(self, loop: Loop, poisons: Collection[Poison]) -> None:
        self.loop = loop
        self.ann = Person(loop.argilla)
        self.projects: dict[Poison, str] = {
            poison: loop.create(texts(12), name=poison.__name__, batch_size=SIZE, max_batches=1)
            for poison in poisons
        }
        loop.start("querier", "annotation_watcher")
        for poison, project in self.projects.items():
            owner = Owner(loop.argilla, project)
            loop.until(lambda o=owner: len(o.records(0)) == SIZE)  # type: ignore[misc]
            poison(loop.settings.log, project)
            label_all(self.ann, owner.records(0), lambda item: LABELS[item % len(LABELS)])

    @property
    def halting(self) -> list[Poison]:
        return [poison for poison in self.projects if poison in HALTING]

    def ask(self, *arguments: str) -> str:
        result = labelloop(*arguments, "--log", self.loop.settings.log, "--store", self.loop.settings.store)
        assert result.exit_code in (0, 2), result.output
        return result.stdout + result.stderr

    def status(self) -> dict[str, dict[str, Any]]:
        """The projects by their ids, as the command line tells them."""
        found = json.loads(self.ask("status", "--json").splitlines()[0])
        return {project["project"]: project for project in found["projects"]}

    def wait_until_labelled(self, *poisons: Poison) -> dict[str, dict[str, Any]]:
        names = [self.projects[poison] for poison in poisons]
        found: dict[str, dict[str, Any]] = {}

        def labelled() -> bool:
            found.update(self.status())
            return all(found[name]["labels"] == SIZE for name in names)

        self.loop.until(labelled)
        return found


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    argilla_server: ArgillaServer,
    kafka: str,
) -> Iterator[Scene]:
    url = f"kafka://{kafka}/poison-{secrets.token_hex(4)}"
    home: Path = tmp_path_factory.mktemp("poison")
    with a_loop(home, argilla_server, log=url) as loop:
        yield Scene(loop, selected(request, "poison"))


@pytest.fixture(scope="module")
def found(scene: Scene) -> dict[str, dict[str, Any]]:
    """How the projects stand once all that can go on have gone on."""
    return scene.wait_until_labelled(*(poison for poison in scene.projects if poison in HARMLESS))


@pytest.mark.parametrize("poison", HARMLESS_CELLS)
def test_a_project_goes_on_beside_what_does_not_count(
    poison: Poison, scene: Scene, found: dict[str, dict[str, Any]]
) -> None:
    project = found[scene.projects[poison]]

    assert project["halted"] is None
    assert project["conflicts"] == (1 if poison is conflicting else 0)


@pytest.mark.parametrize("poison", HALTING_CELLS)
def test_a_project_that_is_halted_says_by_what_and_what_to_do(
    poison: Poison, scene: Scene, found: dict[str, dict[str, Any]]
) -> None:
    project = found[scene.projects[poison]]

    assert names(project["halted"], HALTING[poison])
    assert names(project["halted"], "labelloop skip") or names(project["halted"], "upgrade labelloop")
    assert project["labels"] == 0


def test_the_services_count_what_is_no_event_and_say_which_projects_rest(
    scene: Scene, found: dict[str, dict[str, Any]]
) -> None:
    scene.loop.until(lambda: len(scene.loop.status_file("querier").get("halted", ())) == len(scene.halting))
    no_events = [poison for poison in scene.projects if poison in NO_EVENT]
    assert scene.loop.status_file("annotation_watcher")["strangers"] == len(no_events)
    assert all(scene.loop.is_running(name) for name in ("querier", "annotation_watcher"))


def test_an_event_that_halts_nothing_is_not_skipped(scene: Scene) -> None:
    assert names(scene.ask("skip", "1234"), 1234)


def test_a_halted_project_goes_on_once_the_event_is_skipped(
    scene: Scene, found: dict[str, dict[str, Any]]
) -> None:
    for poison in scene.halting:
        halting = ID.search(found[scene.projects[poison]]["halted"])
        assert halting is not None
        said = scene.ask("skip", halting.group(), "--why", "nobody should have written it")
        assert names(said, scene.projects[poison], halting.group())

    now = scene.wait_until_labelled(*scene.halting)

    assert {now[scene.projects[poison]]["halted"] for poison in scene.halting} == {None}
    scene.loop.until(lambda: "halted" not in scene.loop.status_file("querier"))


@pytest.mark.parametrize("poison", HALTING_CELLS)
def test_without_what_was_skipped_the_log_is_verified(poison: Poison, scene: Scene) -> None:
    project = scene.projects[poison]

    said = scene.ask("replay", "--verify", "--project", project)

    assert names(said.splitlines()[-1], scene.status()[project]["digest"]), said
