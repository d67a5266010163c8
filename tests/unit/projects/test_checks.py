"""What is checked before a project is created."""

from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.projects.checks import check_labels, check_sizes
from labelloop.projects.data import ProjectData
from labelloop.projects.options import ProjectOptions
from schemas.parts import Snapshot
from tests.support.messages import names, raises_naming

POOL = Snapshot(uri="pool/x.arrow", digest="d", size=2)


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
