"""`labelloop fork` and `change` on the log of a whole loop."""

import json
import re

import pytest

from labelloop.loop.labels import current
from tests.support.command import error_line, labelloop
from tests.support.loops import PROJECT, Loop


def events(log: str, project: str) -> list[tuple[str, dict[str, object]]]:
    lines = labelloop("events", "--log", log, "--project", project, "--json").stdout.splitlines()
    return [(event["type"].split(".")[1], event["data"]) for event in map(json.loads, lines)]


def test_a_fork_begins_with_the_labels_up_to_a_batch(loop: Loop, log: str) -> None:
    result = labelloop(
        *("fork", PROJECT, "--as", "other", "--batch", 1, "--batches", 9, "--seed", 5, "--log", log)
    )

    assert result.exit_code == 0, result.output
    fork = result.stdout.split()[1]
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

    assert "begins with the labels of 3 batches" in result.stdout


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

    assert result.stdout == f"{PROJECT} changes from batch 3 on\n"
    name, data = events(log, PROJECT)[-1]
    assert (name, data["from_batch"], data["why"]) == ("ProjectChanged", 3, "slow")
    given = {name: value for name, value in dict(data["settings"]).items() if value is not None}  # type: ignore[call-overload]
    assert given == {"max_batches": 9, "strategy": {"name": "prediction-entropy", "parameters": {}}}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("fork", PROJECT, "--as", "other", "--batch", 3),
            "batch 3 of .* is not done: give --batch 2 or less",
        ),
        (("fork", PROJECT, "--as", "questions", "--batches", 9), "there is a project 'questions' already"),
        (("fork", PROJECT, "--as", "other"), "would begin with 3 batches and end there"),
        (("fork", "nobody", "--as", "other"), "there is no project 'nobody'"),
        (("change", PROJECT), "no setting is given"),
        (("change", PROJECT, "--from-batch", 2, "--batches", 9), "batch 2 .* was picked already: .* is 3"),
        (("change", PROJECT, "--strategy", "guess"), "guess"),
        (("change", PROJECT, "--batch-size", 99), "a batch of 99 is larger than the pool of 40"),
    ],
)
def test_what_cannot_be_is_told_and_leaves_the_log_alone(
    loop: Loop, log: str, arguments: tuple[object, ...], told: str
) -> None:
    line = error_line(labelloop(*arguments, "--log", log))

    assert re.search(told, line), line
    assert len(events(log, PROJECT)) == len(loop.events)
    assert len(labelloop("events", "--log", log, "--json").stdout.splitlines()) == len(loop.events)
