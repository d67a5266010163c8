"""Texts that people are asked for once more."""

from typing import Any

import pytest

from labelloop.loop.history import History
from labelloop.loop.labels import at_revisions, current, decided, ignored_at
from labelloop.loop.pools import remaining
from labelloop.loop.schedule import NextRelabel, finished, next_batch, next_model, next_relabel
from labelloop.loop.state import LoopState
from labelloop.projects.given_batches import copied
from schemas import events as e
from schemas.envelope import new_event
from schemas.model import replaced
from services.querier.due import next_work
from tests.support.states import (
    PROJECT,
    all_answered,
    annotated,
    answered,
    project,
    queried,
    state_of,
    trained,
    vote,
)

DONE = (queried(), all_answered())


def request(*items: int, number: int = 1) -> e.RelabelRequested:
    return e.RelabelRequested(request=str(number), who="ada", items=items)


def again(*items: int, number: int = 1) -> e.BatchQueried:
    return queried(f"relabel-{number}", items)


def told(*said: e.EventData, **settings: Any) -> LoopState:
    return state_of(project(**settings), *said)


def test_each_request_makes_a_batch_in_turn() -> None:
    assert next_relabel(told(*DONE)) is None
    state = told(*DONE, request(2, 0), request(1, number=2))
    assert state.relabels[0].items == (2, 0)

    assert next_relabel(state) == NextRelabel("relabel-1", (2, 0), state.relabels[0].id)
    state = told(*DONE, request(2, 0), request(1, number=2), again(2, 0))
    assert next_relabel(state) == NextRelabel("relabel-2", (1,), state.relabels[1].id)


def test_a_text_that_nobody_was_asked_for_before_is_asked_for_then() -> None:
    left = remaining(told(*DONE))

    assert remaining(told(*DONE, request(2, 7), again(2, 7)), left) == left - 1


def test_a_batch_that_is_due_comes_first() -> None:
    state = told(*DONE, request(0))

    assert next_work(state) == next_batch(state) is not None
    assert next_work(told(*DONE, request(0), max_batches=1)) == next_relabel(state)


def test_a_pause_puts_it_off_and_an_end_calls_it_off() -> None:
    paused = e.ProjectPaused(request="p", who="ada")
    ended = e.ProjectEnded(request="e", who="ada")

    waiting = told(*DONE, request(0), paused, max_batches=1)
    assert next_relabel(waiting) is None
    assert not finished(waiting)
    assert next_relabel(told(*DONE, request(0), ended)) is None


def test_it_stands_outside_the_numbered_batches_and_people_meet_it_with_the_newest() -> None:
    state = told(*DONE, queried("1", (3, 4, 5)), request(0), again(0))

    assert state.numbered == 2
    assert {name: batch.number for name, batch in state.batches.items()} == {"0": 0, "1": 1, "relabel-1": 1}


def test_the_newer_answer_takes_the_place_of_the_older() -> None:
    divided = replaced(answered(0, vote("ann", "spam"), vote("bob", "ham")), agreement=0.5)
    older = replaced(annotated(divided, *all_answered(items=(1, 2)).items), agreement=0.5)
    newer = annotated(
        answered(0, vote("ann", "news")), answered(1, vote("ann"), discarded=True), batch="relabel-1"
    )
    state = told(queried(), older, request(0, 1), again(0, 1), newer)

    assert current(state) == {0: ("news",), 2: ("news",)}
    assert at_revisions(state, {"0": 0}) == {0: ("spam",), 1: ("ham",), 2: ("news",)}
    assert [(batch.name, answer.item) for batch, answer in decided(state)] == [
        ("0", 2),
        ("relabel-1", 0),
        ("relabel-1", 1),
    ]
    (fork,) = copied(state, 1)
    assert [(answer.item, answer.labels, answer.discarded) for answer in fork.answers.items] == [
        (0, ("news",), False),
        (1, (), True),
        (2, ("news",), False),
    ]
    assert fork.answers.agreement is None, "nobody disagreed in the answers that count"
    (as_it_was,) = copied(told(queried(), older), 1)
    assert as_it_was.answers.agreement == 0.5


def test_a_closed_batch_leaves_what_nobody_answered_as_it_was() -> None:
    closed = e.BatchClosed(request="c", who="ada", batch="relabel-1")
    newer = annotated(answered(0, vote("ann", "news")), batch="relabel-1")

    state = told(*DONE, request(0, 1), again(0, 1), closed, newer)

    assert current(state) == {0: ("news",), 1: ("ham",), 2: ("news",)}


def test_the_next_model_learns_it_and_after_the_last_batch_a_final_one() -> None:
    newer = annotated(answered(0, vote("ann", "news")), batch="relabel-1")
    last = (*DONE, request(0), again(0), newer)

    model = next_model(told(*last))
    assert model is not None
    assert (model.model, model.learned) == ("0", {"0": 0, "relabel-1": 0})

    learned = trained("0", {"0": 0})
    final = next_model(told(*DONE, learned, *last[2:], max_batches=1))
    assert final is not None
    assert (final.model, final.learned) == ("final-1", {"0": 0, "relabel-1": 0})


def test_a_model_learns_no_text_of_a_later_batch_because_it_was_asked_for_once_more() -> None:
    later = (queried("1", (3, 4, 5)), all_answered("1", (3, 4, 5)))
    newer = annotated(
        answered(0, vote("ann", "news")),
        answered(4, vote("ann", "news")),
        answered(5, vote("ann"), discarded=True),
        batch="relabel-1",
    )
    state = told(*DONE, *later, request(0, 4, 5), again(0, 4, 5), newer)

    model = next_model(state)

    assert model is not None
    assert (model.model, model.learned) == ("0", {"0": 0, "relabel-1": 0})
    assert at_revisions(state, model.learned) == {0: ("news",), 1: ("ham",), 2: ("news",)}
    assert ignored_at(state, model.learned) == ()
    assert current(state) == {0: ("news",), 1: ("ham",), 2: ("news",), 3: ("spam",), 4: ("news",)}
    assert ignored_at(state, {"0": 0, "1": 0, "relabel-1": 0}) == (5,)


def test_of_two_relabel_batches_for_one_text_the_later_counts() -> None:
    one = annotated(answered(0, vote("ann", "news")), answered(1, vote("ann", "spam")), batch="relabel-1")
    two = annotated(answered(0, vote("ann"), discarded=True), batch="relabel-2")
    twice = (request(0, 1), again(0, 1), one, request(0, number=2), again(0, number=2), two)
    state = told(*DONE, *twice, max_batches=1)

    assert current(state) == {1: ("spam",), 2: ("news",)}
    assert [(batch.name, answer.item) for batch, answer in decided(state)] == [
        ("0", 2),
        ("relabel-1", 1),
        ("relabel-2", 0),
    ]
    third = told(*DONE, *twice, request(0, number=3), again(0, number=3))
    assert current(third) == current(state), "an answer counts until there is another one"


def test_an_end_asks_no_more_and_the_open_relabel_batch_ends_with_what_is_there() -> None:
    ended = e.ProjectEnded(request="e", who="ada")
    open_yet = told(*DONE, request(0, 1), again(0, 1), ended)

    assert not finished(open_yet)
    assert next_model(open_yet) is None
    newer = annotated(answered(0, vote("ann", "news")), batch="relabel-1")
    state = told(*DONE, request(0, 1), again(0, 1), ended, newer)
    final = next_model(state)
    assert final is not None
    assert (final.model, final.learned) == ("final-1", {"0": 0, "relabel-1": 0})
    assert current(state) == {0: ("news",), 1: ("ham",), 2: ("news",)}


@pytest.mark.parametrize("items", [(40,), (1, 1)])
def test_a_request_that_cannot_be_met_halts(items: tuple[int, ...]) -> None:
    history = History(PROJECT)
    for data in (project(), *DONE):
        history.add(new_event(PROJECT, data, source="tests"))
    asked = new_event(PROJECT, request(*items), source="tests")

    assert not history.add(asked)

    assert history.halt is not None
    assert history.halt.event == asked.id
