"""`labelloop annotators list`, with and without Argilla."""

import asyncio
import json
import secrets
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.log import open_log
from schemas.envelope import new_event
from schemas.events import AnnotatorChanged, EventData, ProjectChangedV2
from schemas.model import replaced
from schemas.parts import SettingsV2
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer
from tests.support.command import error_line, labelloop
from tests.support.homes import appended, home_with
from tests.support.messages import names
from tests.support.people import Person
from tests.support.states import PROJECT, all_answered, project, queried, recorded, vote, votes

DISABLED = AnnotatorChanged(request="1", who="ada", annotator="ann", standing="disabled")
OF_BOTH = ProjectChangedV2(
    request="2", who="ada", from_batch=0, settings=SettingsV2(annotators=("ann", "bob"))
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which ann labelled three texts, and nothing runs."""
    return home_with(tmp_path / "home", project(), queried(), all_answered())


def test_without_argilla_the_log_tells_who_labelled(home: Path) -> None:
    listed = labelloop("annotators", "list", "--home", home, "--json")

    assert json.loads(listed.stdout) == [{"username": "ann", "role": None, "labels": 3, "account": "unknown"}]
    assert names(listed.stderr, "labelloop up")
    assert names(labelloop("annotators", "list", "--home", home).stdout, "ann", 3)


def test_with_argilla_who_has_no_account_is_gone(home: Path, argilla_server: ArgillaServer) -> None:
    access = ["--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key]

    listed = labelloop("annotators", "list", "--home", home, *access, "--json")

    people = {each["username"]: each for each in json.loads(listed.stdout)}
    assert (people["owner"]["role"], people["owner"]["account"]) == ("owner", "there")
    assert people["ann"] == {"username": "ann", "role": None, "labels": 3, "account": "gone"}
    assert names(labelloop("annotators", "list", "--home", home, *access).stdout, "ann", "gone", 3)


def test_an_argilla_that_is_named_must_answer(home: Path) -> None:
    nowhere = "http://127.0.0.1:9"

    listed = labelloop("annotators", "list", "--home", home, "--argilla-url", nowhere, "--argilla-key", "k")

    assert names(error_line(listed), nowhere)


def test_people_are_told_the_address_that_they_reach(
    home: Path, argilla_server: ArgillaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in compose, where Argilla's address is good inside alone."""
    access = ["--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key, "--json"]
    account = f"ann-{secrets.token_hex(4)}"
    monkeypatch.setenv("LABELLOOP_ARGILLA_PUBLIC_URL", "https://labels.example")

    added = labelloop("annotators", "add", account, "--home", home, *access)
    changed = labelloop("annotators", "password", account, "--home", home, *access)

    assert {json.loads(told.stdout)["url"] for told in (added, changed)} == {"https://labels.example"}


def test_an_argilla_elsewhere_shows_a_disabled_person_nothing(
    home: Path, argilla_elsewhere: ArgillaServer
) -> None:
    server = argilla_elsewhere
    access = ["--argilla-url", server.url, "--argilla-key", server.login.api_key]
    ann, bob = Person(server, "ann"), Person(server)

    disabled = labelloop("annotators", "disable", "ann", "--home", home, *access)

    assert disabled.exit_code == 0, disabled.output
    assert workspaces(server, ann) == []
    assert workspaces(server, bob) == ["labelloop"]
    listed = json.loads(labelloop("annotators", "list", "--home", home, *access, "--json").stdout)
    assert [each["account"] for each in listed if each["username"] == "ann"] == ["disabled"]
    assert labelloop("annotators", "enable", "ann", "--home", home, *access).exit_code == 0
    assert workspaces(server, ann) == ["labelloop"]


def test_without_argilla_it_is_recorded(home: Path) -> None:
    disabled = labelloop("annotators", "disable", "ann", "--force", "--why", "on leave", "--home", home)

    assert disabled.exit_code == 0, disabled.output
    assert names(disabled.stderr, "labelloop up")
    name, data = appended(home)[-1]
    assert (name, data["annotator"], data["standing"]) == ("AnnotatorChanged", "ann", "disabled")
    assert data["why"] == "on leave"


def test_a_status_tells_that_nobody_is_left_for_texts_that_wait(tmp_path: Path) -> None:
    facts = (project(min_submitted=2), queried(), recorded(votes(0, vote("ann", "spam"))))
    home = home_with(tmp_path / "home", *facts)
    before = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"][0]
    disabled = labelloop("annotators", "disable", "ann", "--force", "--home", home)

    told = labelloop("status", "--home", home).stdout
    after = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"][0]

    assert before["stuck"] is None
    assert after["stuck"] == {
        "texts": {"0": 3},
        "barred": {"ann": "disabled"},
        "is_sure": False,
        "later": {"share": 1.0, "people": 2, "there": 0},
    }
    assert names(
        told, "ann is disabled", "labelloop annotators enable ann", "labelloop close 0 --project mail"
    )
    (line,) = (line.strip() for line in told.splitlines() if "(ann is disabled)" in line)
    assert line in disabled.stderr


def workspaces(server: ArgillaServer, person: Person) -> list[str]:
    """The workspaces that the person sees."""
    with server.client(person.key) as client:
        return [item["name"] for item in ok(client.get("/me/workspaces"))["items"]]


def test_a_command_that_was_killed_is_run_again_for_the_other_projects(home: Path) -> None:
    """The first project says it already."""
    other = replaced(project(), name="other")
    asyncio.run(append(home, "other-1234", other))
    asyncio.run(append(home, PROJECT, DISABLED))

    again = labelloop("annotators", "disable", "ann", "--force", "--home", home)

    assert again.exit_code == 0, again.output
    said = [data["standing"] for name, data in appended(home) if name == "AnnotatorChanged"]
    assert said == ["disabled"]
    assert [name for name, _ in appended(home, "other-1234")] == ["ProjectCreated", "AnnotatorChanged"]


def test_who_was_disabled_is_no_annotator_of_a_new_project_or_of_a_change(home: Path) -> None:
    asyncio.run(append(home, PROJECT, OF_BOTH, DISABLED))

    changed = labelloop("change", "mail", "--annotators", "ann", "--home", home)

    assert names(error_line(changed), "ann", "annotators enable")


async def append(home: Path, project: str, *facts: EventData) -> None:
    log = open_log(open_home(home).log_url)
    try:
        await log.append(*(new_event(project, data, source="tests") for data in facts))
    finally:
        await log.close()


@pytest.mark.parametrize("name", ["a" * 101, "a\nb", "a\x1b[31mred", "a\u202eb"])
def test_a_name_that_no_line_shows_gets_no_account(
    tmp_path: Path, argilla_server: ArgillaServer, name: str
) -> None:
    access = ("--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key)

    added = labelloop("annotators", "add", name, "--home", tmp_path / "home", *access)

    assert (added.exit_code, names(error_line(added), 100)) == (2, True)
    with argilla_server.client() as client:
        assert name not in {user["username"] for user in ok(client.get("/users"))["items"]}
