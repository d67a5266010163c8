"""Who is asked, on either log, and through kills: people who leave, and texts that two people answer."""

import csv
import json
import secrets
from pathlib import Path

import pytest
from click.testing import Result

from tests.e2e.conftest import label
from tests.integration.oracle.server.test_sessions import may
from tests.integration.oracle.server.test_standings import login
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer
from tests.support.command import error_line, labelloop
from tests.support.loop import Loop, a_loop
from tests.support.matrices import in_all_cells
from tests.support.messages import names
from tests.support.people import Owner, Person
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(900)

LEARNER = ("--model", TINY, "--classifier", "linear", "--cold-start", "random", "--stopping", "none")


def created(loop: Loop, tmp_path: Path, *settings: object) -> str:
    """A project of 24 texts, which the command line makes."""
    source = tmp_path / "mail.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        rows = ([f"a mail about {LABELS[item % 3]}, number {item}"] for item in range(24))
        csv.writer(file).writerows([["text"], *rows])
    named = ("--dataset", source, "--name", f"mail-{secrets.token_hex(4)}", "--labels", ",".join(LABELS))
    return str(json.loads(loop.command("init", *named, *LEARNER, *settings, "--json"))["project"])


def annotators(loop: Loop, *arguments: object) -> str:
    access = ("--argilla-url", loop.argilla.url, "--argilla-key", loop.argilla.login.api_key)
    return loop.command("annotators", *arguments, *access)


def test_a_person_is_removed_in_the_midst_of_a_batch(loop: Loop, tmp_path: Path) -> None:
    project = created(loop, tmp_path, "--batch-size", 6, "--batches", 2, "--lookahead", 0)
    owner, password = Owner(loop.argilla, project), secrets.token_hex(8)
    ann, bob = Person(loop.argilla, password=password), Person(loop.argilla)
    loop.start("querier", "annotation_watcher")
    loop.until(lambda: len(owner.records(0)) == 6)
    first, second, *others = owner.records(0).values()
    ann.answer(first["id"], "spam")
    ann.answer(second["id"], "ham")

    loop.kill("querier")
    annotators(loop, "remove", ann.name, "--why", "left the team")

    assert not may(loop.argilla, **{"X-Argilla-Api-Key": ann.key})
    assert login(loop.argilla, ann.name, password).status_code == 403
    assert loop.payloads(project, "AnnotatorChanged")[-1].standing == "removed"
    loop.start("querier")
    bob.answer_all({record["id"]: "news" for record in others})
    state = loop.wait(project, lambda state: state.batches["0"].done)
    voters = {vote.username for answer in state.batches["0"].answers for vote in answer.votes}
    assert voters == {ann.name, bob.name}
    listed = json.loads(annotators(loop, "list", "--json"))
    assert [each["account"] for each in listed if each["username"] == ann.name] == ["removed"]
    assert json.loads(loop.command("replay", "--verify", "--project", project, "--json"))["verified"]


@pytest.mark.all_cells
def test_a_removed_person_is_not_made_again_in_an_argilla_that_was_lost(
    loop: Loop, tmp_path: Path, own_argilla_server: ArgillaServer
) -> None:
    project = created(loop, tmp_path, "--batch-size", 3, "--batches", 2, "--lookahead", 0)
    fork = f"fork-{secrets.token_hex(4)}"
    ann = Person(loop.argilla)
    loop.start("querier", "annotation_watcher")
    label(loop, project, ann, 0)
    loop.start("trainer")
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(1)) == 3)
    one, two, three = owner.records(1)
    ann.answer(owner.records(1)[one]["id"], "spam")
    loop.wait(project, lambda state: state.batches["1"].answered == 1)
    annotators(loop, "remove", ann.name, "--force")
    loop.command("fork", project, "--as", fork)
    loop.history(project)
    forked = next(event.project for event in reversed(loop.events) if event.name == "ProjectCreated")
    loop.wait(forked, lambda state: "1" in state.batches)

    for service in ("querier", "annotation_watcher", "trainer"):
        loop.stop(service)
    with a_loop(
        tmp_path / "elsewhere", own_argilla_server, log=loop.settings.log, store=loop.settings.store
    ) as moved:
        moved.start("querier")
        anew = Owner(own_argilla_server, project)
        # Not the text that she answered: nobody is asked for it again.
        moved.until(lambda: anew.records(1).keys() == {two, three})
        moved.until(lambda: len(Owner(own_argilla_server, forked).records(1)) == 3)
        assert anew.account(ann.name) is None
        moved.start("annotation_watcher")
        carl = Person(own_argilla_server)
        carl.answer_all({record["id"]: "news" for record in anew.records(1).values()})
        state = moved.wait(project, lambda state: state.batches["1"].done)
        voters = {
            answer.item: [vote.username for vote in answer.votes] for answer in state.batches["1"].answers
        }
        assert voters == {one: [ann.name], two: [carl.name], three: [carl.name]}
        assert anew.records(0) == {}
        assert anew.account(ann.name) is None


def test_disabled_and_enabled_and_what_is_refused(loop: Loop, tmp_path: Path) -> None:
    project = created(loop, tmp_path, "--batch-size", 6)
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    at = (*loop.where, "--argilla-url", loop.argilla.url, "--argilla-key", loop.argilla.login.api_key)

    annotators(loop, "disable", ann.name)
    assert not may(loop.argilla, **{"X-Argilla-Api-Key": ann.key})
    assert names(error_line(labelloop("annotators", "add", ann.name, *at)), "enable")
    assert names(error_line(labelloop("annotators", "enable", bob.name, *at)), bob.name)
    assert names(error_line(labelloop("annotators", "remove", "nobody<b>", *at)), bob.name)
    assert names(error_line(labelloop("annotators", "disable", "owner", *at)), "owner")
    of_her_own = (
        "--dataset",
        tmp_path / "mail.csv",
        "--name",
        "own",
        "--labels",
        "a,b",
        "--annotators",
        ann.name,
    )
    assert names(error_line(labelloop("init", *of_her_own, *LEARNER, *loop.where)), "enable")
    annotators(loop, "enable", ann.name)
    assert may(loop.argilla, **{"X-Argilla-Api-Key": ann.key})

    annotators(loop, "remove", ann.name)
    assert names(error_line(labelloop("annotators", "enable", ann.name, *at)), "add")
    password = json.loads(annotators(loop, "add", ann.name, "--json"))["password"]
    assert login(loop.argilla, ann.name, password).is_success
    assert not may(loop.argilla, **{"X-Argilla-Api-Key": ann.key})
    words = [said.standing for said in loop.payloads(project, "AnnotatorChanged")]
    assert words == ["disabled", "there", "removed", "there"]
    assert ok(loop.argilla.client().get("/me"))["role"] == "owner"


def waiting(loop: Loop, project: str) -> int:
    """How many texts of open batches wait for another person, as `status` tells."""
    listed = json.loads(loop.command("status", "--json"))["projects"]
    (found,) = [each for each in listed if each["project"] == project]
    return sum(batch["waiting"] for batch in found["open_batches"])


@pytest.mark.parametrize("task", ["single-label", in_all_cells("multi-label")])
def test_a_share_of_each_batch_is_answered_by_two(loop: Loop, tmp_path: Path, task: str) -> None:
    size = ("--batch-size", 5, "--batches", 2, "--lookahead", 0, "--task", task)
    project = created(loop, tmp_path, *size, "--overlap", 0.4)
    owner, ann, bob = Owner(loop.argilla, project), Person(loop.argilla), Person(loop.argilla)
    loop.start("querier", "annotation_watcher")
    state = loop.wait(project, lambda state: "0" in state.batches)
    of_two = set(state.batches["0"].answers_wanted)
    assert len(of_two) == 2
    loop.until(lambda: len(owner.records(0)) == 5)
    spam, ham, news = LABELS if task == "single-label" else ([label] for label in LABELS)
    # Of two classes, so that the next batch waits for a model.
    first, *others = owner.records(0).keys() - of_two
    hers = {first: spam, **dict.fromkeys(others, ham), **dict.fromkeys(of_two, spam)}

    ann.answer_all({record["id"]: hers[item] for item, record in owner.records(0).items()})
    loop.until(lambda: waiting(loop, project) == 2)
    loop.kill("annotation_watcher")
    loop.kill("querier")
    # Only what needs a second person is shown to bob.
    assert set(queue(loop, owner, bob)) == of_two
    assert queue(loop, owner, ann) == []
    loop.start("annotation_watcher", "querier")
    bob.answer_all({owner.records(0)[item]["id"]: news for item in of_two})

    state = loop.wait(project, lambda state: state.batches["0"].done)
    voted = {answer.item: len(answer.votes) for answer in state.batches["0"].answers}
    assert voted == {item: 2 if item in of_two else 1 for item in state.batches["0"].items}
    agreement = json.loads(loop.command("agreement", "--project", project, "--json"))
    assert agreement["shared"] == 2
    assert json.loads(loop.command("replay", "--verify", "--project", project, "--json"))["verified"]
    loop.command("change", project, "--overlap", 0)
    loop.start("trainer")
    state = loop.wait(project, lambda state: "1" in state.batches)
    assert state.batches["1"].answers_wanted == {}


def queue(loop: Loop, owner: Owner, person: Person) -> list[int]:
    """The items that the person's page would show next."""
    pending = [
        {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}
        for entity in ("response", "record")
    ]
    body = {"query": {}, "filters": {"and": pending}}
    with loop.argilla.client(person.key) as client:
        asked = client.post(
            f"/me/datasets/{owner.dataset()}/records/search",
            params={"limit": 100},
            json=body,
            headers={"x-labelloop-screen": "queue"},
        )
        found = [item["record"]["metadata"]["item"] for item in ok(asked)["items"]]
        client.post(
            f"/me/datasets/{owner.dataset()}/records/search",
            json=body,
            headers={"x-labelloop-screen": "left"},
        )
    return found


def test_an_argilla_elsewhere_is_not_asked_for_two(tmp_path: Path, argilla_elsewhere: ArgillaServer) -> None:
    with a_loop(tmp_path / "home", argilla_elsewhere) as loop:
        access = ("--argilla-url", loop.argilla.url, "--argilla-key", loop.argilla.login.api_key)
        source = tmp_path / "mail.txt"
        source.write_text("one mail\nanother mail\n")
        asked = ("--dataset", source, "--labels", "a,b", "--batch-size", 2, "--overlap", 0.5, *LEARNER)
        refused = labelloop("init", *asked, *access, *loop.where)
        assert names(error_line(refused), loop.argilla.url, "--overlap")
        # Where the command cannot know, the querier says it, and writes nothing.
        project = json.loads(loop.command("init", *asked, "--json"))["project"]
        loop.start("querier")
        loop.until(lambda: names(loop.log_of("querier"), project, "labelloop change --overlap 0"))
        assert Owner(loop.argilla, project).records(0) == {}


def test_a_disabled_person_leaves_a_project_of_some_alone_and_comes_back(loop: Loop, tmp_path: Path) -> None:
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    Person(loop.argilla)  # Sees other projects.
    project = created(loop, tmp_path, "--batch-size", 3, "--annotators", f"{ann.name},{bob.name}")
    owner = Owner(loop.argilla, project)
    loop.start("querier")
    loop.until(lambda: len(owner.records(0)) == 3)

    annotators(loop, "disable", ann.name)
    loop.until(lambda: members(loop, project) == {bob.name})
    assert names(error_line(disable(loop, bob.name)), project, "--force")
    annotators(loop, "enable", ann.name)
    loop.until(lambda: members(loop, project) == {ann.name, bob.name})
    assert may(loop.argilla, **{"X-Argilla-Api-Key": ann.key})


def disable(loop: Loop, *arguments: object) -> Result:
    access = ("--argilla-url", loop.argilla.url, "--argilla-key", loop.argilla.login.api_key)
    return labelloop("annotators", "disable", *arguments, *access, *loop.where)


def members(loop: Loop, project: str) -> set[str]:
    """The annotators in the project's own workspace."""
    with loop.argilla.client() as client:
        spaces = {each["name"]: each["id"] for each in ok(client.get("/me/workspaces"))["items"]}
        users = ok(client.get(f"/workspaces/{spaces[project]}/users"))["items"]
    return {user["username"] for user in users if user["role"] == "annotator"}
