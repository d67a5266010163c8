"""Settings that change while people label: what they see, and what the services do then."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas import events as e
from schemas.parts import SettingsV2
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner

SERVICES = ("querier", "annotation_watcher")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Loop]:
    with a_loop(tmp_path_factory.mktemp("changes"), argilla_server) as loop:
        yield loop


@pytest.fixture
def loop(shared: Loop) -> Loop:
    """One for all tests, each with a project of its own."""
    shared.have_running(*SERVICES)
    return shared


def change(loop: Loop, project: str, from_batch: int, request: str = "1", **settings: Any) -> None:
    changed = SettingsV2(**settings)
    loop.append(
        project, e.ProjectChangedV2(request=request, who="olga", from_batch=from_batch, settings=changed)
    )


def guidelines(loop: Loop, project: str) -> str:
    dataset = Owner(loop.argilla, project).dataset()
    with loop.argilla.client() as raw:
        return str(raw.get(f"/datasets/{dataset}").json()["guidelines"])


def edit(loop: Loop, project: str, written: str) -> None:
    """As an owner does in Argilla."""
    dataset = Owner(loop.argilla, project).dataset()
    with loop.argilla.client() as raw:
        raw.patch(f"/datasets/{dataset}", json={"guidelines": written}).raise_for_status()


def test_guidelines_change_where_people_label_also_by_a_service_that_was_killed(loop: Loop) -> None:
    project = loop.create(texts(12), batch_size=3, guidelines="Choose one.")
    loop.until(lambda: len(Owner(loop.argilla, project).records(0)) == 3)

    change(loop, project, 2, guidelines="Spam asks for <img src=x onerror=alert(1)> money.")
    loop.until(lambda: "money" in guidelines(loop, project))

    assert "<img" not in guidelines(loop, project)
    loop.kill("querier")
    change(loop, project, 2, request="2", guidelines="Spam asks for money, or for a click.")
    loop.start("querier")
    loop.until(lambda: guidelines(loop, project) == "Spam asks for money, or for a click.")


def test_guidelines_that_an_owner_edited_in_argilla_stay_until_they_are_changed_here(loop: Loop) -> None:
    project = loop.create(texts(12), batch_size=3, guidelines="Choose one.")
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 3)
    edit(loop, project, "The owner's own words.")
    loop.kill("querier")
    loop.append(project, e.ProjectPaused(request="1", who="olga"))
    loop.start("querier")
    (deleted, *_) = owner.records(0).values()
    owner.delete_records([deleted["id"]])
    loop.until(lambda: len(owner.records(0)) == 3)

    assert guidelines(loop, project) == "The owner's own words."
    change(loop, project, 2, guidelines="Spam asks for money.")
    loop.until(lambda: guidelines(loop, project) == "Spam asks for money.")


def test_a_data_set_that_is_made_anew_has_the_newest_guidelines(loop: Loop) -> None:
    project = loop.create(texts(12), batch_size=3, guidelines="Choose one.")
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 3)
    change(loop, project, 2, guidelines="Spam asks for money.")
    loop.until(lambda: guidelines(loop, project) == "Spam asks for money.")

    before = owner.dataset()
    owner.delete_dataset()
    loop.until(lambda: owner.dataset() not in (None, before) and len(owner.records(0)) == 3)

    assert guidelines(loop, project) == "Spam asks for money."
