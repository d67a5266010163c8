"""What annotators are told of their agreement."""

import csv
import json
from pathlib import Path

from schemas.events import ProjectChangedV4, RelabelRequested
from schemas.model import replaced
from schemas.parts import GoldItem, ItemVotes, SettingsV4, Snapshot
from tests.support.command import error_line, labelloop
from tests.support.homes import add_to, home_with
from tests.support.messages import names
from tests.support.states import all_answered, annotated, answered, project, queried, vote
from tests.support.tiny_bert import QUICK

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


def test_each_gold_text_is_listed_with_who_said_what_of_it(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("text\nwin\nlunch\nbye\n", encoding="utf-8")
    hostile = "free\x1b[31m money"
    (tmp_path / "gold.csv").write_text(f"text,label\n{hostile},spam\nlunch at noon?,ham\nhi,ham\n")
    home, where = tmp_path / "home", ("--home", tmp_path / "home")
    asked = (
        "--dataset",
        tmp_path / "mail.csv",
        "--labels",
        "spam,ham,news",
        "--batch-size",
        3,
        "--name",
        "mail",
    )
    made = labelloop(
        "init", *asked, "--gold", tmp_path / "gold.csv", "--gold-share", 1, *where, *QUICK, "--json"
    )
    name = json.loads(made.stdout)["project"]
    nobody = labelloop("agreement", "--gold", *where)
    version = json.loads(labelloop("events", *where, "--project", name, "--json").stdout.splitlines()[-1])
    digest = version["data"]["settings"]["gold"]["digest"]
    texts = tuple(
        GoldItem(item=row, rank=row, labels=(("spam",), ("ham",), ("ham",))[row]) for row in range(3)
    )
    given = (
        ItemVotes(item=0, record="a", votes=(vote("ann", "spam"), vote("bob"))),
        ItemVotes(item=1, record="b", votes=(vote("ann", "ham"), vote("=bob", "spam"))),
    )
    picked = queried(gold=texts, gold_version=digest)
    add_to(home, name, picked, replaced(all_answered(), gold=given))

    listed = labelloop("agreement", "--gold", *where).stdout
    told = json.loads(labelloop("agreement", "--gold", "--json", *where).stdout)
    labelloop("agreement", "--gold", "--output", tmp_path / "out.csv", *where)

    assert nobody.exit_code == 0
    assert names(nobody.stdout, "mail")
    wrong, ann, bob, right, *rest = listed.splitlines()
    assert names(wrong, "ham", "lunch at noon?"), "what somebody mistook comes first"
    assert names(ann, "ann", "ham", "right")
    assert names(bob, "=bob", "spam", "wrong")
    assert names(right, "spam")
    assert len(rest) == 2, "a text that nobody answered is not in the list"
    assert "\x1b" not in listed
    assert [(each["username"], each["gold"], each["labels"], each["right"]) for each in told["answers"]] == [
        ("ann", ["ham"], ["ham"], True),
        ("=bob", ["ham"], ["spam"], False),
        ("ann", ["spam"], ["spam"], True),
        ("bob", ["spam"], None, None),
    ]
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["username"], row["right"], row["discarded"]) for row in rows][1::2] == [
        ("=bob", "false", "false"),
        ("bob", "", "true"),
    ]
    assert {row["text"] for row in rows} == {hostile, "lunch at noon?"}
    labelloop("labels", "retire", "--project", name, "spam", *where)
    assert labelloop("agreement", "--gold", *where).stdout.splitlines() == [wrong, ann, bob]


def test_a_list_of_gold_texts_that_there_are_not_is_refused_in_one_line(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered())

    none = error_line(labelloop("agreement", "--gold", "--home", home))
    unsaid = error_line(labelloop("agreement", "--output", tmp_path / "out.csv", "--home", home))

    assert names(none, "mail", "labelloop change mail --gold")
    assert names(unsaid, "--gold")
    assert not (tmp_path / "out.csv").exists()
