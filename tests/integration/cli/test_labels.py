"""`labelloop labels` and what else there is in the log: other requests, settings, and a test set."""

import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.projects import change_labels
from schemas import events as e
from schemas.parts import MULTI_LABEL, Choice, SettingsV2
from tests.support.command import error_line, labelloop
from tests.support.homes import appended, home_with
from tests.support.messages import names
from tests.support.states import LABELS, all_answered, annotated, of_several, project, queried
from tests.support.tiny_bert import QUICK

SPAM, HAM, NEWS = LABELS
NOT_UTF_8 = b"\xff".decode(errors="surrogateescape")


def asked_again(home: Path) -> list[list[int]]:
    return [data["items"] for name, data in appended(home) if name == "RelabelRequested"]


def test_a_text_that_is_being_asked_again_already_keeps_no_other_from_it(tmp_path: Path) -> None:
    before = e.RelabelRequested(request="1", who="ann", items=(0,))
    texts = (0, 1, 3, 6)
    home = home_with(
        tmp_path / "home", project(batch_size=4), queried(items=texts), all_answered(items=texts), before
    )

    result = labelloop("labels", "retire", SPAM, "--ask-again", "--home", home)

    assert result.exit_code == 0, result.output
    assert names(result.output, 3)
    assert asked_again(home) == [[0], [3, 6]]


def test_killed_after_the_first_append_it_has_asked_again_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered())

    async def killed(*_: object) -> None:
        raise UserError("killed")

    monkeypatch.setattr(change_labels, "read_again", killed)
    error_line(labelloop("labels", "retire", SPAM, "--ask-again", "--home", home))

    assert [name for name, _ in appended(home)][-2:] == ["LabelsChanged", "RelabelRequested"]
    assert asked_again(home) == [[0]]


def of_labels(count: int, **settings: Any) -> e.ProjectCreated:
    return project(task=MULTI_LABEL, labels=tuple(f"l{number}" for number in range(count)), **settings)


CRITERION = Choice(name="classification-change")


def stopping_by(name: str) -> e.ProjectChangedV2:
    settings = SettingsV2(stopping=Choice(name=name))
    return e.ProjectChangedV2(request="1", who="ann", from_batch=0, settings=settings)


def test_labels_are_checked_against_the_stopping_criterion_of_now(tmp_path: Path) -> None:
    has_one = home_with(tmp_path / "one", of_labels(60), stopping_by(CRITERION.name))
    had_one = home_with(tmp_path / "none", of_labels(60, stopping=CRITERION), stopping_by("none"))

    refused = error_line(labelloop("labels", "add", "one more", "--home", has_one))

    assert names(refused, 61, "--stopping")
    assert labelloop("labels", "add", "one more", "--home", had_one).exit_code == 0


def test_a_fork_is_checked_with_the_labels_that_were_added(tmp_path: Path) -> None:
    more = e.LabelsChanged(request="1", who="ann", number=1, names=(*of_labels(60).labels, "one more"))
    answers = annotated(*(of_several(item, "l1") for item in range(3)))
    home = home_with(tmp_path / "home", of_labels(60), more, queried(), answers)

    fork = ("fork", "mail", "--as", "other", "--home", home)
    refused = error_line(labelloop(*fork, "--stopping", CRITERION.name))

    assert names(refused, 61, "--stopping")
    assert labelloop(*fork).exit_code == 0


@pytest.fixture
def tested(tmp_path: Path) -> Path:
    """A home with a project whose test set has two of its three labels, and files beside it."""
    mail = "".join(f"mail {item},{LABELS[item % 3]}\n" for item in range(30))
    (tmp_path / "mail.csv").write_text(f"text,label\n{mail}")
    (tmp_path / "test.csv").write_text(f"text,label\na prize,{SPAM}\nlunch,{HAM}\n")
    (tmp_path / "other.csv").write_text(f"text,label\nan election,{NEWS}\n")
    files = ("--dataset", tmp_path / "mail.csv", "--test", tmp_path / "test.csv")
    size = ("--batch-size", 5, "--classifier", "linear")
    result = labelloop("init", "--home", tmp_path / "home", *files, *size, *QUICK)
    assert result.exit_code == 0, result.output
    return tmp_path


def test_some_text_of_the_test_set_has_a_label_that_is_not_retired(tested: Path) -> None:
    home = ("--home", tested / "home")
    assert labelloop("labels", "add", "bill", *home).exit_code == 0

    refused = error_line(labelloop("labels", "retire", SPAM, HAM, *home))

    assert names(refused, "--test")
    listed = json.loads(labelloop("labels", "list", *home, "--json").stdout)["labels"]
    assert not any(each["retired"] for each in listed)
    assert labelloop("change", "mail", "--test", tested / "other.csv", *home).exit_code == 0
    assert labelloop("labels", "retire", SPAM, HAM, *home).exit_code == 0
    assert names(error_line(labelloop("change", "mail", "--test", tested / "test.csv", *home)), "--test")


@pytest.mark.parametrize(
    "command",
    [
        ("labels", "add", NOT_UTF_8),
        ("labels", "rename", SPAM, NOT_UTF_8),
        ("labels", "add", "bill", "--why", NOT_UTF_8),
        ("fork", "mail", "--as", NOT_UTF_8),
    ],
)
def test_what_is_not_utf_8_is_refused_in_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered())

    refused = error_line(labelloop(*command, "--home", home))

    assert names(refused, "UTF-8")
    assert len(appended(home)) == 3


def test_a_test_set_may_call_a_label_as_it_is_or_was(tested: Path) -> None:
    home = ("--home", tested / "home")
    assert labelloop("labels", "rename", SPAM, "junk", *home).exit_code == 0
    (tested / "both.csv").write_text(f"text,label\nyou won,junk\na free prize,{SPAM}\nlunch,{HAM}\n")

    changed = labelloop("change", "mail", "--test", tested / "both.csv", *home)

    assert changed.exit_code == 0, changed.output
    newest = json.loads(labelloop("events", "--project", "mail", *home, "--json").stdout.splitlines()[-1])
    assert newest["data"]["settings"]["test"]["size"] == 3
