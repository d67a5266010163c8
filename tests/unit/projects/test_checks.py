"""What is checked before a project is created, and what its owner is told of its labels."""

from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.projects.checks import check_labels, check_sizes, label_notes
from labelloop.projects.data import ProjectData
from labelloop.projects.options import ProjectOptions
from schemas.parts import Snapshot
from tests.support.messages import names, raises_naming

POOL = Snapshot(uri="pool/x.arrow", digest="d", size=2)
MANY = tuple(f"class {number}" for number in range(77))


def data(*labels: str) -> ProjectData:
    return ProjectData(POOL, None, labels, ())


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (("spam", "ham\nbatch 3: done"), repr("ham\nbatch 3: done")),
        (("spam", "ham\N{LINE SEPARATOR}"), "line break"),
        (("spam", "\x1b[2Jham"), repr("\x1b[2Jham")),
        (("spam", "ham", "spam\N{ZERO WIDTH SPACE}"), r"'spam\u200b'"),
        (("\N{RIGHT-TO-LEFT OVERRIDE}spam", "spam"), r"'\u202espam'"),
    ],
)
def test_labels_that_cannot_be_told_apart_or_break_a_line_are_refused(
    labels: tuple[str, ...], named: str
) -> None:
    with raises_naming(UserError, named):
        check_labels(data(*labels))


def test_labels_of_any_script_are_taken() -> None:
    check_labels(data("خانه\N{ZERO WIDTH NON-JOINER}ها", "خانه", "Spam", "spam", "\N{PILE OF POO}", "a b"))


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ({}, ()),
        ({"dropped_near_copies": 30}, ("30 near-copies",)),
        (
            {"dropped_near_copies": 3, "dropped_duplicate": 1200, "dropped_empty": 4},
            ("3", "1,200", "4 empty"),
        ),
    ],
)
def test_a_batch_larger_than_the_pool_is_told_with_what_was_left_out(
    left_out: dict[str, Any], told: tuple[str, ...]
) -> None:
    pool = Snapshot(uri="pool/x.arrow", digest="d", size=12, **left_out)

    with raises_naming(UserError, 20, 12, "--batch-size", *told) as raised:
        check_sizes(ProjectOptions(batch_size=20), ProjectData(pool, None, ("spam", "ham"), ()))

    assert names(raised.value, "left out") == bool(told)


def test_a_project_s_labels_are_told_in_one_line_that_stays_short() -> None:
    assert list(label_notes(("ham", "spam, loud"), {})) == ['labels: ham, "spam, loud"']

    (note,) = label_notes(MANY, {})

    assert names(note, "class 0", "…", 77)
    assert not names(note, "class 76")


def test_that_a_text_may_have_several_is_told_with_them() -> None:
    (note,) = label_notes(("ham", "spam"), {}, several=True)

    assert names(note, "ham, spam", "several", "none")


def test_labels_that_differ_only_in_case_or_spaces_are_told_with_a_remedy() -> None:
    _, news, tech = label_notes(("Tech", "sports", "tech", "old news", "Old  news", "TECH"), {})

    assert names(tech, "'Tech'", "'tech'", "'TECH'", "--name")
    assert names(news, "'old news'", "'Old  news'", "--name")
    assert not names(tech, "sports")


def test_labels_that_no_known_label_shows_are_told_only_when_there_are_known_labels() -> None:
    labels = ("bug", "praise", "wish")

    _, note = label_notes(labels, {3: ("bug",), 4: ("wish",), 9: ("bug",)})

    assert names(note, "'praise'")
    assert not names(note, "'bug'")
    assert len(list(label_notes(labels, {}))) == 1
    assert len(list(label_notes(labels, dict(enumerate((each,) for each in labels))))) == 1
