"""When a project is over, and what is told of it."""

import pytest

from labelloop.loop.history import History
from labelloop.projects.next_steps import Ending, ending, ending_lines, going_on_lines
from labelloop.projects.summary import summarized
from schemas.envelope import new_event
from schemas.events import EventData, ProjectEnded, ProjectPaused
from schemas.parts import Snapshot
from tests.support.messages import names
from tests.support.states import PROJECT, all_answered, project, queried, recorded, trained, vote, votes

ENDED = ProjectEnded(request="1", who="ann")
EXPORT, PREDICT = "labelloop export --project mail", "labelloop predict --project mail"


def history_of(*facts: EventData) -> History:
    history = History(PROJECT)
    for data in facts:
        assert history.add(new_event(PROJECT, data, source="tests")), history.halt
    return history


def test_a_project_is_open_as_long_as_people_have_something_to_label() -> None:
    for facts in ((), (queried("0"),), (queried("0"), all_answered("0"))):
        history = history_of(project(max_batches=2), *facts)

        assert ending(history) == Ending.OPEN
        assert ending_lines(history) == []
    assert ending(History(PROJECT)) == Ending.OPEN


def test_with_the_last_label_it_is_labelled_and_with_the_last_model_finished() -> None:
    labelled = history_of(project(max_batches=1), queried("0"), all_answered("0"))
    finished = history_of(project(max_batches=1), queried("0"), all_answered("0"), trained("0", {"0": 0}))

    assert (ending(labelled), ending(finished)) == (Ending.LABELLED, Ending.FINISHED)
    assert names(*ending_lines(labelled), "mail", 1)
    assert not names(*ending_lines(labelled), "labelloop export")


@pytest.mark.parametrize(
    ("settings", "last", "steps"),
    [
        ({"max_batches": 1}, (), [EXPORT, PREDICT, "labelloop change mail --batches 2"]),
        ({}, (ENDED,), [EXPORT, PREDICT, "labelloop fork mail --as"]),
        ({"pool": Snapshot(uri="x", digest="d", size=3)}, (), [EXPORT, "labelloop add mail FILE"]),
    ],
)
def test_who_finished_is_told_what_to_do_next(
    settings: dict[str, object], last: tuple[EventData, ...], steps: list[str]
) -> None:
    answered = (queried("0"), all_answered("0"), trained("0", {"0": 0}))

    history = history_of(project(**settings), *answered, *last)

    assert names(*ending_lines(history), "mail", *steps)
    assert all(names(told, step) for told, step in zip(summarized(history).next_steps, steps, strict=True))


def test_a_name_with_a_space_is_quoted_in_commands() -> None:
    named = project(name="my mail", max_batches=1)

    history = history_of(named, queried("0"), all_answered("0"), trained("0", {"0": 0}))

    assert names(*ending_lines(history), "labelloop export --project 'my mail'")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ((), ["goes on with", "mail", PROJECT, "no batch"]),
        ((queried("0"), all_answered("0"), queried("1", (3, 4))), ["goes on with", "batch 1"]),
        ((queried("0"), queried("1", (3, 4))), ["goes on with", "batch 0 and batch 1"]),
        (
            (queried("0"), queried("1", (3, 4)), queried("2", (5, 6))),
            ["goes on with", "batch 0, batch 1 and batch 2"],
        ),
        ((queried("0"), ProjectPaused(request="1", who="ann")), ["labelloop resume --project mail"]),
        ((queried("0"), all_answered("0"), trained("0", {"0": 0}), ENDED), ["finished", "labelloop export"]),
    ],
)
def test_of_a_project_that_was_there_before_is_told_how_it_goes_on(
    facts: tuple[EventData, ...], told: list[str]
) -> None:
    assert [names(line, *told) for line in going_on_lines(history_of(project(), *facts))] == [True]


def test_of_a_project_that_was_never_created_nothing_is_told() -> None:
    assert going_on_lines(History(PROJECT)) == []


def test_a_status_has_the_answers_of_open_batches() -> None:
    history = history_of(
        project(min_submitted=2),
        queried("0"),
        recorded(votes(0, vote("ann", "spam"), vote("bob", "ham")), votes(2, vote("ann", "spam"))),
    )

    assert summarized(history).status()["open_batches"] == [
        {"batch": "0", "texts": 3, "answered": 2, "answers": 3, "waiting": 1, "gold_left": 0}
    ]
