"""What annotators are told of their agreement."""

import json
from pathlib import Path

from schemas.events import RelabelRequested
from tests.support.command import labelloop
from tests.support.homes import home_with
from tests.support.states import all_answered, annotated, answered, project, queried, vote

PAGE = Path(__file__).parents[3] / "docs" / "label-quality.md"


def test_agreement_is_told_to_people_and_programs(tmp_path: Path) -> None:
    done = (
        answered(0, vote("ann", "spam"), vote("bob", "spam")),
        answered(1, vote("ann", "ham"), vote("bob", "ham")),
        answered(2, vote("ann", "ham"), vote("bob", "spam")),
    )
    home = home_with(tmp_path / "home", project(min_submitted=2), queried(), annotated(*done))

    lines = labelloop("agreement", "--home", home).stdout.splitlines()
    told = json.loads(labelloop("agreement", "--home", home, "--json").stdout)

    assert lines == [
        "alpha       0.444 (Krippendorff's, nominal): of 3 texts 3 have labels of two people or more",
        "ann         3 labels, 66.7% of 3 like the majority of the others",
        "bob         3 labels, 66.7% of 3 like the majority of the others",
        "confused    ham and spam: once",
    ]
    assert "\n".join(["```", *lines, "```"]) in PAGE.read_text(encoding="utf-8")
    assert (told["shared"], told["annotators"]["ann"]["agreed"]) == (3, 2)
    assert told["confused"] == [{"labels": ["ham", "spam"], "times": 1}]


def test_of_one_annotator_there_is_no_agreement(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered())

    result = labelloop("agreement", "--home", home)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "alpha       not defined: of 3 texts 0 have labels of two people or more; "
        "ask for more by --min-submitted 2",
        "ann         3 labels",
    ]


def test_before_anybody_answered_there_is_none_either(tmp_path: Path) -> None:
    result = labelloop("agreement", "--home", home_with(tmp_path / "home", project()))

    assert result.exit_code == 0
    assert "alpha       not defined: of 0 texts 0 have labels" in result.stdout


def test_a_text_that_was_asked_for_once_more_is_one_text_with_both_answers(tmp_path: Path) -> None:
    divided = annotated(answered(0, vote("ann", "spam"), vote("bob", "ham")))
    again = annotated(answered(0, vote("ann", "ham"), vote("bob", "ham")), batch="relabel-1")
    request = RelabelRequested(request="1", who="ann", items=(0,))
    told = (queried(items=(0,)), divided, request, queried("relabel-1", (0,)), again)
    home = home_with(tmp_path / "home", project(min_submitted=2), *told)

    lines = labelloop("agreement", "--home", home).stdout.splitlines()

    assert lines[0].endswith(": of 1 texts 1 have labels of two people or more")
    assert "ann         2 labels, 50.0% of 2 like the majority of the others" in lines
