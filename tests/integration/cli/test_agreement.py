"""What annotators are told of their agreement."""

import json
from pathlib import Path

from schemas.events import ProjectChangedV4, RelabelRequested
from schemas.model import replaced
from schemas.parts import GoldItem, ItemVotes, SettingsV4, Snapshot
from tests.support.command import labelloop
from tests.support.homes import home_with
from tests.support.messages import names
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

    alpha, ann, bob, confused = lines
    assert names(alpha, "0.444", 3)
    assert names(ann, "ann", 3, "66.7%")
    assert names(bob, "bob", 3, "66.7%")
    assert names(confused, "ham", "spam")
    assert "\n".join(["```", *lines, "```"]) in PAGE.read_text(encoding="utf-8")
    assert (told["shared"], told["annotators"]["ann"]["agreed"]) == (3, 2)
    assert told["confused"] == [{"labels": ["ham", "spam"], "times": 1}]


def test_of_one_annotator_there_is_no_agreement(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered())

    result = labelloop("agreement", "--home", home)

    assert result.exit_code == 0
    alpha, ann = result.stdout.splitlines()
    assert names(alpha, 3, 0, "--min-submitted 2")
    assert names(ann, "ann", 3)
    assert not names(ann, "%")


def test_before_anybody_answered_there_is_none_either(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project())

    result = labelloop("agreement", "--home", home)
    told = json.loads(labelloop("agreement", "--home", home, "--json").stdout)

    assert result.exit_code == 0
    assert (told["alpha"], told["texts"], told["annotators"]) == (None, 0, {})


def test_a_text_that_was_asked_for_once_more_is_one_text_with_both_answers(tmp_path: Path) -> None:
    divided = annotated(answered(0, vote("ann", "spam"), vote("bob", "ham")))
    again = annotated(answered(0, vote("ann", "ham"), vote("bob", "ham")), batch="relabel-1")
    request = RelabelRequested(request="1", who="ann", items=(0,))
    told = (queried(items=(0,)), divided, request, queried("relabel-1", (0,)), again)
    home = home_with(tmp_path / "home", project(min_submitted=2), *told)

    told = json.loads(labelloop("agreement", "--home", home, "--json").stdout)

    assert (told["texts"], told["shared"]) == (1, 1)
    ann = told["annotators"]["ann"]
    assert (ann["labels"], ann["agreed"], ann["compared"]) == (2, 1, 2)


def test_who_mistakes_which_label_of_gold_texts_is_told_by_person(tmp_path: Path) -> None:
    gold = Snapshot(uri="mail/gold/g.arrow", digest="g", size=3)
    setting = SettingsV4(gold=gold, gold_share=1.0)
    texts = tuple(GoldItem(item=row, rank=row, labels=("ham",)) for row in range(3))
    given = (
        ItemVotes(item=0, record="a", votes=(vote("ann", "news"), vote("bob", "ham"))),
        ItemVotes(item=1, record="b", votes=(vote("ann", "news"),)),
        ItemVotes(item=2, record="c", votes=(vote("ann", "spam"),)),
    )
    told = (
        project(),
        ProjectChangedV4(request="gold", who="ann", from_batch=0, settings=setting),
        queried(gold=texts, gold_version="g"),
        replaced(all_answered(), gold=given),
    )
    home = home_with(tmp_path / "home", *told)

    lines = labelloop("agreement", "--home", home).stdout.splitlines()
    by_name = json.loads(labelloop("agreement", "--home", home, "--json").stdout)["gold"]

    ann, mistaken, bob = lines[-3:]
    assert names(ann, "gold", "ann", "0.0%")
    assert names(mistaken, "ham as news 2 times", "ham as spam once")
    assert names(bob, "gold", "bob", "100.0%")
    assert by_name["ann"]["confused"] == [
        {"labels": ["ham"], "given": ["news"], "times": 2},
        {"labels": ["ham"], "given": ["spam"], "times": 1},
    ]
    assert by_name["bob"]["confused"] == []
