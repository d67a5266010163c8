"""What the learner is asked, by the log alone."""

from pathlib import Path
from typing import Any

import pytest

from labelloop.projects.learner_requests import query_request, to_embed
from schemas.events import EventData, ProjectEnded
from schemas.parts import Choice, Snapshot
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


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({}, 1_000_000),
        ({"max_batches": 13}, 14 * 2000),
        ({"max_batches": 13, "given": 3}, 11 * 2000),
        ({"max_batches": 13, "batch_size": 1000}, 14 * 4000),
        ({"max_batches": 2}, 0),
        ({"strategy": Choice(name="breaking-ties", parameters={})}, 0),
        ({"pool": Snapshot(uri="pool", digest="d", size=4006)}, 0),
        ({"pool": Snapshot(uri="pool", digest="d", size=4007)}, 4007),
    ],
)
def test_what_later_picks_look_at_is_to_be_embedded(settings: dict[str, Any], texts: int) -> None:
    large = {
        "pool": Snapshot(uri="pool", digest="d", size=1_000_000),
        "strategy": Choice(name="breaking-ties", parameters={"shortlist": 2000}),
    }

    assert to_embed(state_of(project(**large | settings), *TWO)) == texts


def test_of_a_project_that_ended_nothing_is_to_be_embedded() -> None:
    strategy = Choice(name="breaking-ties", parameters={"shortlist": 1})

    assert to_embed(state_of(project(strategy=strategy), *TWO)) > 0
    assert to_embed(state_of(project(strategy=strategy), *TWO, ProjectEnded(request="r", who="ann"))) == 0
