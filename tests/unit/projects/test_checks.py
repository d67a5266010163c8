"""What is checked before a project is created."""

import pytest

from labelloop.errors import UserError
from labelloop.projects.checks import check_labels
from labelloop.projects.data import ProjectData
from schemas.parts import Snapshot
from tests.support.messages import raises_naming

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
