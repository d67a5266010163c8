"""Who alone may see a project."""

import pytest

from labelloop.errors import UserError
from labelloop.projects.own_annotators import check_annotators
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
