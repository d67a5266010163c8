"""`labelloop fork` and `change` on the log of a whole loop."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from labelloop.loop.labels import current
from labelloop.projects.given_batches import imported
from schemas import events as e
from tests.support.command import error_line, labelloop
from tests.support.logs import write_log
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.messages import names

LONG = Path(__file__).parents[3] / "LICENSE"


def events_as_written(log: str) -> list[dict[str, Any]]:
    return list(map(json.loads, labelloop("events", "--log", log, "--json").stdout.splitlines()))


def events(log: str, project: str) -> list[tuple[str, dict[str, object]]]:
    lines = labelloop("events", "--log", log, "--project", project, "--json").stdout.splitlines()
    return [(event["type"].split(".")[1], event["data"]) for event in map(json.loads, lines)]


def made_by(result: Result, name: str) -> str:
    """The id of the project of that name that a command says it has made."""
    assert result.exit_code == 0, result.output
    (made,) = re.findall(rf"\b{name}-[0-9a-f]{{6}}\b", result.stdout)
    return str(made)


def test_a_fork_begins_with_the_labels_up_to_a_batch(loop: Loop, log: str) -> None:
    result = labelloop(
        *("fork", PROJECT, "--as", "other", "--batch", 1, "--batches", 9, "--seed", 5, "--log", log)
    )

    fork = made_by(result, "other")
    (name, created), *rest = events(log, fork)
    assert name == "ProjectCreated"
    assert (created["name"], created["forked_from"], created["given"]) == ("other", PROJECT, 2)
    assert (created["seed"], created["max_batches"]) == (5, 9)
    assert created["strategy"] == {"name": "breaking-ties", "parameters": {}}
    assert [name for name, _ in rest] == ["BatchQueried", "BatchAnnotated"] * 2
    found = json.loads(labelloop("replay", "--log", log, "--project", fork, "--json").stdout)
    of_both = loop.state.batches["0"].items | loop.state.batches["1"].items
    expected = {str(item): list(names) for item, names in current(loop.state).items() if item in of_both}
    assert found["items"] == expected


def test_what_is_labelled_by_now_comes_along_unless_told(loop: Loop, log: str) -> None:
    result = labelloop("fork", PROJECT, "--as", "other", "--batches", 9, "--log", log)

    assert names(result.stdout, made_by(result, "other"), 3)


def test_a_change_is_in_the_log_with_what_was_given_alone(log: str) -> None:
    result = labelloop(
        *(
            "change",
            PROJECT,
            "--batches",
            9,
            "--strategy",
            "prediction-entropy",
            "--why",
            "slow",
            "--log",
            log,
        )
    )

    assert names(result.stdout, PROJECT, 3)
    name, data = events(log, PROJECT)[-1]
    assert (name, data["from_batch"], data["why"]) == ("ProjectChanged", 3, "slow")
    given = {name: value for name, value in dict(data["settings"]).items() if value is not None}  # type: ignore[call-overload]
    assert given == {"max_batches": 9, "strategy": {"name": "prediction-entropy", "parameters": {}}}


def test_a_change_that_an_older_labelloop_does_not_know_halts_it(log: str, tmp_path: Path) -> None:
    guidelines = tmp_path / "guidelines.md"
    guidelines.write_text("Spam asks for money.")

    result = labelloop("change", PROJECT, "--guidelines", guidelines, "--log", log)

    assert names(result.stdout, PROJECT, "--guidelines")
    assert not names(result.stdout, 3), "it holds for the open batches, too"
    (event,) = events_as_written(log)[-1:]
    assert (event["type"], event["mustunderstand"]) == ("labelloop.ProjectChanged.v2", "true")
    given = {name: value for name, value in event["data"]["settings"].items() if value is not None}
    assert given == {"guidelines": "Spam asks for money."}


def test_a_change_tells_what_holds_at_once_and_what_from_a_batch_on(log: str, tmp_path: Path) -> None:
    guidelines = tmp_path / "guidelines.md"
    guidelines.write_text("Spam asks for money.")
    asked = ("change", PROJECT, "--guidelines", guidelines, "--batches", 9, "--log", log)

    later = labelloop(*asked, "--from-batch", 4).stdout.splitlines()
    both = labelloop(*asked).stdout.splitlines()

    assert len(later) == 1
    assert names(later[0], 4)
    assert [names(line, "--guidelines") for line in both] == [False, True]
    assert names(both[0], 3)


def test_a_fork_for_some_annotators_alone_can_have_others_later(log: str) -> None:
    said = ("--as", "other", "--batches", 9, "--min-submitted", 2, "--annotators", "ann,bob")
    fork = made_by(labelloop("fork", PROJECT, *said, "--log", log), "other")

    _, (name, data), *_ = events(log, fork)
    assert name == "ProjectChanged"
    assert (data["from_batch"], data["settings"]["annotators"]) == (0, ["ann", "bob"])  # type: ignore[index]
    of_the_fork = labelloop("fork", fork, "--as", "third", "--batches", 9, "--log", log)
    assert events(log, made_by(of_the_fork, "third"))[1][1]["settings"]["annotators"] == ["ann", "bob"]  # type: ignore[index]
    assert names(error_line(labelloop("change", fork, "--annotators", "ann", "--log", log)), 2, 1)
    assert labelloop("change", fork, "--annotators", "ann,carl", "--log", log).exit_code == 0
    assert names(error_line(labelloop("change", fork, "--annotators", "carl,ann", "--log", log)), "nothing")
    assert names(error_line(labelloop("change", fork, "--min-submitted", 3, "--log", log)), 3, 2)


def test_the_stopping_criterion_is_changed_and_taken_away(log: str) -> None:
    def changed(*arguments: object) -> dict[str, object]:
        result = labelloop("change", PROJECT, *arguments, "--log", log)
        assert result.exit_code == 0, result.output
        settings = events_as_written(log)[-1]["data"]["settings"]
        return {name: value for name, value in settings.items() if value is not None}

    named = changed(
        "--stopping", "kappa-average", "--stopping-parameter", "kappa=0.98", "--stop-when-advised"
    )
    assert named == {
        "stopping": {"name": "kappa-average", "parameters": {"kappa": 0.98}},
        "stop_when_advised": True,
    }
    assert changed("--no-stop-when-advised") == {"stop_when_advised": False}
    changed("--stop-when-advised")
    assert changed("--stopping", "none") == {
        "stopping": {"name": "none", "parameters": {}},
        "stop_when_advised": False,
    }


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("fork", PROJECT, "--as", "other", "--batch", 3), (PROJECT, 3, "--batch 2")),
        (("fork", PROJECT, "--as", "questions", "--batches", 9), ("'questions'", "--as")),
        (("fork", PROJECT, "--as", "other"), ("other", 3, "--batches 4")),
        (("fork", "nobody", "--as", "other"), ("'nobody'", PROJECT)),
        (("fork", PROJECT, "--as", "other", "--batches", 9, "--guidelines", LONG), ("10,000",)),
        (("change", PROJECT, "--guidelines", LONG), ("10,000",)),
        (("change", PROJECT, "--annotators", "ann,bob"), (PROJECT, "fork", "--annotators")),
        (("fork", PROJECT, "--as", "other", "--batches", 9, "--annotators", "<b>"), ("'<b>'",)),
        (("change", PROJECT, "--batches", 9, "--lookahead", 30), (30, 93, 40)),
        (("change", PROJECT, "--batches", 9, "--lookahead", "many"), ("'many'", "auto")),
        (("change", PROJECT, "--lookahead", 0), (PROJECT, 3, "--batches")),
        (("change", PROJECT, "--stopping", "guess"), ("'guess'",)),
        (
            ("change", PROJECT, "--stopping", "kappa-average", "--stopping-parameter", "size=3"),
            ("'size'", "window_size"),
        ),
        (("change", PROJECT, "--stopping-parameter", "kappa=0.9"), ("questions", "--stopping")),
        (("change", PROJECT, "--stop-when-advised"), ("questions", "--stopping")),
        (("fork", PROJECT, "--as", "other", "--batches", 9, "--stopping", "guess"), ("'guess'",)),
        (("change", PROJECT, "--guidelines", "nowhere.md"), ("nowhere.md",)),
        (("change", PROJECT), ("--strategy prediction-entropy",)),
        (("change", PROJECT, "--batch-size", 3), ("--strategy prediction-entropy",)),
        (("change", PROJECT, "--batch-size", 4), (PROJECT, 3, "--batches")),
        (
            ("change", PROJECT, "--batches", 9, "--classifier", "transformer", "--strategy", "bald"),
            ("batch 3", "model 1", "linear", "--from-batch 5"),
        ),
        (("change", PROJECT, "--from-batch", 2, "--batches", 9), (PROJECT, 2, 3)),
        (("change", PROJECT, "--strategy", "guess"), ("'guess'",)),
        (("change", PROJECT, "--batch-size", 99), (99, 40)),
    ],
)
def test_what_cannot_be_is_told_and_leaves_the_log_alone(
    loop: Loop, log: str, arguments: tuple[object, ...], facts: tuple[object, ...]
) -> None:
    assert names(error_line(labelloop(*arguments, "--log", log)), *facts)
    assert len(events(log, PROJECT)) == len(loop.events)
    assert len(labelloop("events", "--log", log, "--json").stdout.splitlines()) == len(loop.events)


def test_a_new_classifier_and_then_its_own_strategy_can_be_changed_to(log: str) -> None:
    to_classifier = labelloop("change", PROJECT, "--batches", 9, "--classifier", "transformer", "--log", log)
    to_strategy = labelloop("change", PROJECT, "--from-batch", 5, "--strategy", "bald", "--log", log)
    back = labelloop("change", PROJECT, "--from-batch", 4, "--classifier", "linear", "--log", log)

    assert (to_classifier.exit_code, to_strategy.exit_code) == (0, 0)
    assert names(error_line(back), "batch 6", "model 4", "linear")


def test_where_the_lookahead_grows_the_strategy_can_be_changed_from_the_batch_that_is_named(
    tmp_path: Path,
) -> None:
    loop = Loop(project(max_batches=3, lookahead="auto"), mixed)
    loop.finish()
    asyncio.run(write_log(tmp_path / "log.sqlite", loop.events))
    log = f"sqlite:///{tmp_path / 'log.sqlite'}"
    options = ("change", PROJECT, "--strategy", "bald", "--log", log)
    labelloop("change", PROJECT, "--batches", 40, "--classifier", "transformer", "--log", log)

    (later,) = re.findall(r"--from-batch (\d+)", error_line(labelloop(*options)))
    to_strategy = labelloop(*options, "--from-batch", later)

    assert to_strategy.exit_code == 0, to_strategy.output


def test_an_ended_project_is_forked_not_changed(log: str) -> None:
    labelloop("end", "--log", log)

    said = error_line(labelloop("change", PROJECT, "--batches", 9, "--log", log))

    assert names(said, PROJECT, "labelloop fork")
    assert labelloop("fork", PROJECT, "--as", "other", "--batches", 9, "--log", log).exit_code == 0


def test_a_fork_of_an_import_counts_all_batches_and_takes_what_was_labelled_anew(tmp_path: Path) -> None:
    gold = {item: (str(mixed(item)),) for item in (0, 1, 2, 3)}
    loop = Loop(project(max_batches=3), mixed, imported(gold))
    loop.append(e.RelabelRequested(request="1", who="ada", items=(0,)))
    loop.act("relabel")
    loop.answer(loop.state.batches["relabel-1"], {0: ("spam",)})
    asyncio.run(write_log(tmp_path / "log.sqlite", loop.events))
    log = f"sqlite:///{tmp_path / 'log.sqlite'}"

    result = labelloop("fork", PROJECT, "--as", "other", "--batches", 4, "--log", log)

    (_, created), _, (_, answers) = events(log, made_by(result, "other"))
    assert (created["given"], created["max_batches"]) == (1, 4)
    assert {item["item"]: item["labels"] for item in answers["items"]} == {  # type: ignore[attr-defined]
        0: ["spam"],
        **{item: list(labels) for item, labels in gold.items() if item},
    }
