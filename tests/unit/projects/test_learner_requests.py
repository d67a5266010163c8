"""What the learner is asked, by the log alone."""

from pathlib import Path

import pytest

from labelloop.projects.learner_requests import query_request
from schemas.events import EventData
from tests.support.states import all_answered, project, queried, state_of, trained

TWO: tuple[EventData, ...] = (
    queried("0"),
    all_answered("0"),
    trained("0", {"0": 0}),
    queried("1", (3, 4, 5)),
)


@pytest.mark.parametrize(("given", "number"), [(0, 2), (1, 1)])
def test_batches_are_counted_from_the_first_that_was_not_given(given: int, number: int) -> None:
    folder = Path("folder")

    asked = query_request(
        state_of(project(given=given), *TWO),
        "0",
        folder,
        "",
        {},
        pool=folder,
        threads=1,
        cache=folder,
        seed=3,
    )

    assert asked.number == number
