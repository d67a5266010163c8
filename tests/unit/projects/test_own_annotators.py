"""Who alone may see a project."""

import pytest

from labelloop.errors import UserError
from labelloop.projects.own_annotators import check_annotators, check_overlap
from tests.support.messages import raises_naming


def test_names_of_people_are_taken() -> None:
    check_annotators(["ann", "bob smith", "größer ✓", "o'neill@example.org"], 4)


@pytest.mark.parametrize(
    ("names", "wanted", "facts"),
    [
        (["ann", ""], 1, ("''",)),
        (["ann", " "], 1, ("' '",)),
        (["<img src=x>"], 1, ("'<img src=x>'", "<")),
        (["a\nb"], 1, ("name",)),
        (["a\u202eb"], 1, ("name",)),
        ([" ann"], 1, ("' ann'",)),
        (["x" * 101], 1, (100,)),
        (["ann", "bob", "ann"], 1, ("twice",)),
        ([], 1, ("nobody",)),
        (["ann", "bob"], 3, (3, 2, "--min-submitted")),
    ],
)
def test_what_cannot_be_is_told(names: list[str], wanted: int, facts: tuple[object, ...]) -> None:
    with raises_naming(UserError, *facts):
        check_annotators(names, wanted)


def test_an_overlap_is_a_share_that_asks_somebody_twice() -> None:
    check_overlap(0.2, 1, 20, None)
    check_overlap(0.2, 1, 20, ["ann", "bob"])
    check_overlap(None, 3, 20, ["ann"])
    check_overlap(0.0, 3, 1, None)


@pytest.mark.parametrize(
    ("share", "min_submitted", "batch_size", "people", "facts"),
    [
        (0.2, 2, 20, None, (2, "--overlap", "--min-submitted 1")),
        (0.01, 1, 20, None, ("0.01", 20, "0.05")),
        (0.2, 1, 20, ["ann"], ("ann", "--annotators")),
    ],
)
def test_an_overlap_that_cannot_be_is_told(
    share: float, min_submitted: int, batch_size: int, people: list[str] | None, facts: tuple[object, ...]
) -> None:
    with raises_naming(UserError, *facts):
        check_overlap(share, min_submitted, batch_size, people)
