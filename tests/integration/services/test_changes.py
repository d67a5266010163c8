"""Settings that change while people label: what they see, and what the services do then."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.parts import Choice, SettingsV2
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS

LEARNING = ("trainer", "evaluator")
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


def label_batch(loop: Loop, project: str, ann: Person, batch: int) -> LoopState:
    """Ann labels the batch as soon as it is there; the state once it is done."""
    owner = Owner(loop.argilla, project)
    state = loop.wait(project, lambda state: str(batch) in state.batches)
    loop.until(lambda: len(owner.records(batch)) == len(state.batches[str(batch)].items))
    label_all(ann, owner.records(batch), lambda item: LABELS[item % len(LABELS)])
    return loop.wait(project, lambda state: state.batches[str(batch)].done)


def said(loop: Loop, project: str, *arguments: object) -> Any:
    """What a command prints as JSON."""
    at = ("--log", loop.settings.log, "--store", loop.settings.store)
    only = () if "status" in arguments else ("--project", project)
    result = labelloop(*arguments, *only, *at, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def is_verified(loop: Loop, project: str) -> None:
    """The log is whole, as far as it goes when it is read: the evaluator may still write."""
    least = loop.state(project).length
    assert least <= said(loop, project, "replay", "--verify")["verified"]["events"]


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


def test_the_newest_model_is_evaluated_on_another_test_set_also_by_a_service_that_was_killed(
    loop: Loop,
) -> None:
    loop.have_running(*LEARNING)
    project = loop.create(texts(40), test=texts(9), batch_size=6, lookahead=0, max_batches=3)
    ann = Person(loop.argilla)
    for batch in (0, 1):
        label_batch(loop, project, ann, batch)
        loop.wait(project, lambda state, batch=batch: str(batch) in state.evaluations)  # type: ignore[misc]
    first = loop.state(project).project.test
    assert first is not None

    loop.kill("evaluator")
    another = loop.snapshot(project, texts(21)[12:])
    change(loop, project, 3, test=another)
    loop.start("evaluator")
    loop.wait(project, lambda state: ("1", another.digest) in state.tested)
    label_batch(loop, project, ann, 2)

    state = loop.wait(project, lambda state: ("2", another.digest) in state.predictions)
    assert set(state.tested) == {
        ("0", first.digest),
        ("1", first.digest),
        ("1", another.digest),
        ("2", another.digest),
    }
    curve = said(loop, project, "curve")
    assert [point["model"] for point in curve["curve"]] == ["1", "2"]
    by_test = {name: [point["model"] for point in each] for name, each in curve["by_test_set"].items()}
    assert by_test == {first.digest[:8]: ["0", "1"], another.digest[:8]: ["1", "2"]}
    drawn = labelloop("curve", "--project", project, "--log", loop.settings.log).stdout
    assert drawn.count("accuracy on the test set") == 2
    status = said(loop, project, "status")["projects"]
    (shown,) = [each for each in status if each["project"] == project]
    assert shown["test_set"] == another.digest[:8]
    assert said(loop, project, "replay", "--verify")["verified"]["events"] == state.length


@pytest.mark.all_cells
def test_another_criterion_goes_on_from_what_models_said_also_in_a_service_that_was_killed(
    loop: Loop,
) -> None:
    loop.have_running(*LEARNING)
    kappa = Choice(name="kappa-average", parameters={"kappa": 0.0, "window_size": 1})
    project = loop.create(texts(40), batch_size=6, lookahead=0, max_batches=4, stopping=None)
    ann = Person(loop.argilla)
    label_batch(loop, project, ann, 0)
    loop.wait(project, lambda state: "0" in state.models)
    change(loop, project, 0, stopping=Choice(name="classification-change"))
    loop.wait(project, lambda state: "0" in state.checks)

    loop.kill("evaluator")
    change(loop, project, 0, request="2", stopping=kappa)
    label_batch(loop, project, ann, 1)
    loop.wait(project, lambda state: "1" in state.models)
    loop.start("evaluator")

    state = loop.wait(project, lambda state: "1" in state.checks)
    criteria = [(check.criterion, check.parameters) for check in state.checks.values()]
    assert criteria == [("ClassificationChange", {}), ("KappaAverage", kappa.parameters)]
    assert state.checks["1"].value is not None, "it compares with what model 0 said"
    change(loop, project, 0, request="3", stopping=Choice(name="none"))
    label_batch(loop, project, ann, 2)
    state = loop.wait(project, lambda state: "2" in state.models and "3" in state.batches)
    assert "2" not in state.checks
    (shown,) = [each for each in said(loop, project, "status")["projects"] if each["project"] == project]
    assert shown["stopping"] is None
    is_verified(loop, project)


@pytest.mark.all_cells
def test_a_lookahead_changes_while_a_killed_service_is_away(loop: Loop) -> None:
    loop.have_running(*LEARNING)
    project = loop.create(texts(60), batch_size=4, lookahead=0, max_batches=5)
    ann = Person(loop.argilla)
    label_batch(loop, project, ann, 0)
    loop.wait(project, lambda state: "1" in state.batches)

    loop.kill("querier")
    change(loop, project, 2, lookahead=2, lookahead_grows=False)
    loop.start("querier")

    state = loop.wait(project, lambda state: len(state.batches) == 4)
    assert [batch.queried.model for batch in state.batches.values()] == [None, "0", "0", "0"]
    change(loop, project, 4, request="2", lookahead=1, lookahead_grows=True)
    for batch in (1, 2, 3):
        label_batch(loop, project, ann, batch)
    state = loop.wait(project, lambda state: "4" in state.chosen and "4" in state.batches)
    assert state.batches["4"].queried.model == state.chosen["4"].model
    is_verified(loop, project)


def statuses(loop: Loop, project: str) -> dict[int, set[str]]:
    """What Argilla says of the texts, by batch."""
    dataset = Owner(loop.argilla, project).dataset()
    with loop.argilla.client() as raw:
        items = raw.get(f"/datasets/{dataset}/records", params={"limit": 100}).json()["items"]
    found: dict[int, set[str]] = {}
    for item in items:
        found.setdefault(item["metadata"]["batch"], set()).add(item["status"])
    return found


def offered(loop: Loop, project: str, person: Person) -> set[int]:
    """The batches of which a person's screen shows texts."""
    dataset = Owner(loop.argilla, project).dataset()
    pending = [
        {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}
        for entity in ("response", "record")
    ]
    with loop.argilla.client(person.key) as raw:
        answer = raw.post(
            f"/me/datasets/{dataset}/records/search",
            params={"limit": 50},
            json={"query": {}, "filters": {"and": pending}},
            headers={"x-labelloop-screen": "queue"},
        ).json()
        raw.post(
            f"/me/datasets/{dataset}/records/search",
            json={"query": {}},
            headers={"x-labelloop-screen": "left"},
        )
    return {item["record"]["metadata"]["batch"] for item in answer["items"]}


def test_the_number_of_annotators_changes_from_a_batch_on_and_finished_texts_stay_finished(
    loop: Loop,
) -> None:
    project = loop.create(texts(40), batch_size=3, lookahead=5, max_batches=2)
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    label_batch(loop, project, ann, 0)
    loop.kill("querier")
    change(loop, project, 2, min_submitted=2, max_batches=4)
    loop.start("querier")
    loop.until(lambda: len(Owner(loop.argilla, project).records(3)) == 3)
    loop.until(
        lambda: statuses(loop, project) == {0: {"completed"}, 1: {"pending"}, 2: {"pending"}, 3: {"pending"}}
    )

    assert offered(loop, project, bob) == {1, 2, 3}, "nobody is asked for what is finished"
    label_batch(loop, project, ann, 1)
    label_all(ann, Owner(loop.argilla, project).records(2), lambda item: "spam")
    assert statuses(loop, project)[2] == {"pending"}
    assert offered(loop, project, bob) == {2, 3}
    assert not loop.state(project).batches["2"].done
    label_batch(loop, project, bob, 2)
    assert statuses(loop, project)[2] == {"completed"}

    change(loop, project, 4, request="2", min_submitted=1, max_batches=5)
    loop.until(lambda: len(Owner(loop.argilla, project).records(4)) == 3)
    label_batch(loop, project, ann, 4)
    assert offered(loop, project, bob) == {3}, "the open batch still wants two"
    assert statuses(loop, project) == {
        0: {"completed"},
        1: {"completed"},
        2: {"completed"},
        3: {"pending"},
        4: {"completed"},
    }
    label_all(ann, Owner(loop.argilla, project).records(3), lambda item: "spam")
    label_batch(loop, project, bob, 3)
    is_verified(loop, project)


def seen_by(loop: Loop, person: Person) -> set[str]:
    """The names of the data sets that a person finds."""
    with loop.argilla.client(person.key) as raw:
        return {item["name"] for item in raw.get("/me/datasets").json()["items"]}


def test_a_project_is_seen_by_its_own_annotators_alone_also_after_a_kill(loop: Loop) -> None:
    ann, bob, carl = Person(loop.argilla), Person(loop.argilla), Person(loop.argilla)
    loop.kill("querier")
    project = loop.create(texts(40), batch_size=3, lookahead=1, max_batches=3)
    change(loop, project, 0, annotators=(ann.name, bob.name))
    loop.start("querier")
    loop.until(lambda: len(Owner(loop.argilla, project).records(1)) == 3)
    assert project in seen_by(loop, ann) & seen_by(loop, bob)
    assert project not in seen_by(loop, carl)
    label_batch(loop, project, bob, 0)

    loop.kill("querier")
    newcomer = f"dora-{project}"
    change(loop, project, 0, request="2", annotators=(ann.name, carl.name, newcomer))
    loop.start("querier")
    loop.until(lambda: project in seen_by(loop, carl) and project not in seen_by(loop, bob))
    loop.until(lambda: f"labelloop annotators password {newcomer}" in loop.log_of("querier"))

    owner = Owner(loop.argilla, project)
    assert {name for _, name in owner.answers(0)} == {bob.name}, "recorded votes stay"
    owner.delete_dataset()
    loop.until(lambda: len(owner.records(1)) == 3 and len(owner.answers(0)) == 3)
    assert project in seen_by(loop, ann) - seen_by(loop, bob)
    label_batch(loop, project, carl, 1)
    is_verified(loop, project)
    (shown,) = [each for each in said(loop, project, "status")["projects"] if each["project"] == project]
    assert shown["only_for"] == [ann.name, carl.name, newcomer]


def test_a_project_for_all_stays_where_all_see_it(loop: Loop) -> None:
    ann = Person(loop.argilla)
    project = loop.create(texts(12), batch_size=3, max_batches=1)

    loop.until(lambda: len(Owner(loop.argilla, project).records(0)) == 3)

    assert project in seen_by(loop, ann)
