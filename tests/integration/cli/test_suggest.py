"""`--suggest` of `init`, `change` and `fork`: what is recorded, and what is refused before anything is."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from schemas.model import replaced
from tests.support.command import error_line, labelloop
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.states import LABELS, all_answered, annotated, project, queried, suggester, suggestions

LLM = ("--suggest", "llm", "--suggest-parameter", "model=tiny")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text("spam: prize\nham: [lunch, '^moved']\n")
    return tmp_path / "rules.yaml"


def init(tmp_path: Path, home: Path, *options: object) -> Result:
    (tmp_path / "mail.csv").write_text("body\n" + "\n".join(f"mail {number}" for number in range(12)) + "\n")
    data = ("--dataset", tmp_path / "mail.csv", "--text-column", "body", "--labels", "spam,ham")
    return labelloop("init", "--home", home, *data, "--batch-size", 2, "--classifier", "linear", *options)


def chosen(home: Path, *only: object) -> list[dict[str, Any]]:
    lines = labelloop("events", "--home", home, *only, "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return [
        {"v": event["type"][-1], "must": event["mustunderstand"], **event["data"]}
        for event in events
        if ".SuggesterChosen." in event["type"]
    ]


def change(home: Path, *options: object) -> Result:
    return labelloop("change", "mail", "--home", home, *options)


def test_a_language_model_is_recorded_with_all_its_parameters_and_no_address_or_key(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_LLM_URL", "http://llm.example/v1")
    monkeypatch.setenv("LABELLOOP_LLM_KEY", "sk-secret")

    made = init(
        tmp_path, home, *LLM, "--suggest-parameter", "price_in=0.5", "--suggest-parameter", "price_out=2"
    )

    assert made.exit_code == 0, made.output
    (event,) = chosen(home)
    assert (event["v"], event["must"], event["from_batch"]) == ("1", "false", 0)
    assert event["suggester"]["name"] == "llm"
    assert event["suggester"]["parameters"]["model"] == "tiny"
    assert "{labels}" in event["suggester"]["parameters"]["template"]
    written = (home / "log.sqlite").read_bytes()
    assert b"llm.example" not in written
    assert b"sk-secret" not in written


def test_the_same_options_find_the_project_and_others_are_told(
    tmp_path: Path, home: Path, rules: Path
) -> None:
    file = ("--suggest-parameter", f"file={rules}")
    assert init(tmp_path, home, "--suggest", "rules", *file, "--machine-vote").exit_code == 0

    again = init(tmp_path, home, "--suggest", "rules", *file, "--machine-vote")
    without = init(tmp_path, home)
    others = [init(tmp_path, home, *LLM), init(tmp_path, home, "--suggest", "model")]
    rules.write_text("spam: pills")
    edited = init(tmp_path, home, "--suggest", "rules", *file)

    assert (again.exit_code, without.exit_code) == (0, 0)
    for other in (*others, edited):
        assert names(error_line(other), "--suggest rules", "labelloop change")
    (event,) = chosen(home)
    assert (event["v"], event["must"]) == ("2", "true")
    assert event["suggester"]["parameters"]["rules"] == [
        ["spam", "prize"],
        ["ham", "lunch"],
        ["ham", "^moved"],
    ]


def test_a_project_changes_its_suggester_from_a_batch_on(home: Path) -> None:
    home_with(home, project(), queried())

    assert change(home, *LLM, "--from-batch", 2).exit_code == 0
    assert change(home, "--suggest-parameter", "per_second=9", "--from-batch", 2).exit_code == 0
    assert change(home, "--machine-vote", "--from-batch", 2, "--batch-size", 4).exit_code == 0
    nothing = change(home, "--machine-vote", "--from-batch", 2)
    assert change(home, "--suggest", "model", "--from-batch", 5).exit_code == 0

    assert names(error_line(nothing), "--strategy")
    found = [
        (
            each["v"],
            each["from_batch"],
            each["suggester"]["name"],
            each["suggester"]["parameters"].get("per_second"),
        )
        for each in chosen(home)
    ]
    assert found == [("1", 2, "llm", 2.0), ("1", 2, "llm", 9), ("2", 2, "llm", 9), ("1", 5, "model", None)]


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (("--suggest", "llm"), ("model=…",)),
        ((*LLM, "--suggest-parameter", "url=http://elsewhere"), ("'url'",)),
        ((*LLM, "--suggest-parameter", "template=/nowhere"), ("/nowhere",)),
        (("--suggest", "rules"), ("file=rules.yaml",)),
        (("--suggest", "rules", "--suggest-parameter", "file=/nowhere"), ("/nowhere",)),
        (("--suggest", "os:system"), ("'os:system'", "LABELLOOP_PLUGINS")),
        (("--machine-vote",), ("--machine-vote", "--suggest llm")),
        (("--suggest-parameter", "model=tiny"), ("model",)),
    ],
)
def test_what_cannot_suggest_is_refused_in_one_line(
    home: Path, options: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    home_with(home, project())

    assert names(error_line(change(home, *options)), *facts)
    assert chosen(home) == []


def test_a_fork_goes_on_with_the_suggester_unless_it_is_asked(home: Path) -> None:
    home_with(
        home,
        project(),
        suggester("rules", votes=True, rules=[["spam", "prize"]]),
        *(queried(), suggestions(item_0="spam"), all_answered()),
    )

    for name, options in (("same", ()), ("other", LLM), ("none", ("--suggest", "model"))):
        assert labelloop("fork", "mail", "--as", name, "--home", home, *options).exit_code == 0

    found = {name: chosen(home, "--project", name) for name in ("same", "other", "none")}
    assert [(each["v"], each["suggester"]["name"]) for each in found["same"]] == [("2", "rules")]
    assert [(each["v"], each["suggester"]["name"]) for each in found["other"]] == [("2", "llm")]
    assert found["none"] == []


def test_status_and_agreement_tell_how_a_machine_does(home: Path) -> None:
    said = suggestions(item_0="spam", item_1="spam", item_2=None, cost=0.25)
    home_with(
        home,
        project(labels=LABELS),
        suggester("llm", model="tiny", price_in=1, price_out=2, max_cost=0.25),
        *(queried(), said, all_answered()),
    )

    status = labelloop("status", "--home", home)
    (told,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    lines = labelloop("agreement", "--home", home).stdout.splitlines()
    machines = json.loads(labelloop("agreement", "--home", home, "--json").stdout)["machines"]

    assert told["suggester"] == {
        "suggester": "llm",
        "model": "tiny",
        "votes": False,
        "asked": 3,
        "labelled": 2,
        "failed": 0,
        "cost": 0.25,
        "max_cost": 0.25,
    }
    assert names(status.stdout, "llm", "tiny", "max_cost")
    assert machines["llm tiny"]["shown"] == {"texts": 2, "agreed": 1}
    assert any(names(line, "llm tiny", 2, 3, "50.0%") for line in lines)


def test_the_log_of_a_machine_that_votes_is_whole(home: Path) -> None:
    home_with(home, project(), suggester(votes=True), queried(), annotated())

    result = labelloop("replay", "--home", home, "--json")

    assert result.exit_code == 0, result.output


def test_status_tells_of_how_many_texts_a_machine_failed(home: Path) -> None:
    said = suggestions(item_0="spam", item_1=None, item_2=None)
    failed = [replaced(said.items[1], abstained="failed"), replaced(said.items[2], abstained="refused")]
    made = replaced(said, items=(said.items[0], *failed))
    home_with(home, project(labels=LABELS), suggester("rules", rules=[["spam", "x"]]), queried(), made)

    status = labelloop("status", "--home", home).stdout
    (told,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]

    assert (told["suggester"]["labelled"], told["suggester"]["failed"]) == (1, 2)
    assert names(next(line for line in status.splitlines() if "suggestions:" in line), "1 of 3", "2 failed")
