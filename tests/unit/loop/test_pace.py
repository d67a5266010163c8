"""How fast people answer, by the times in the log."""

from datetime import timedelta

import pytest

from labelloop.loop.history import History
from labelloop.loop.pace import ON_SCREEN, RECORD_EVERY, expected_answers, runs_low, waiting_texts
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from schemas import events as e
from schemas.envelope import new_event
from tests.support.states import (
    PROJECT,
    START,
    annotated,
    answered,
    project,
    queried,
    recorded,
    vote,
    votes,
)

UNSEEN = (RECORD_EVERY + ON_SCREEN).total_seconds()


def at(*told: tuple[float, e.EventData], **settings: object) -> LoopState:
    """The state after these events, each so many seconds after the start."""
    history = History(PROJECT)
    for seconds, data in ((0.0, project(**settings)), *told):
        time = START + timedelta(seconds=seconds)
        assert history.add(new_event(PROJECT, data, source="tests", time=time)), history.halt
    return created(history)


def items(batch: int) -> range:
    return range(3 * batch, 3 * batch + 3)


def picked(batch: int, seconds: float = 5.0, **changes: object) -> e.BatchQueried:
    return queried(str(batch), items(batch), **{"model": "0", "seconds": seconds, **changes})


def done(batch: int, opened: float | None = None) -> e.BatchAnnotated:
    answers = annotated(*(answered(item, vote("ann", "spam")) for item in items(batch)), batch=str(batch))
    if opened is None:
        return answers
    return e.BatchAnnotated(**{**dict(answers), "opened": START + timedelta(seconds=opened)})


def test_texts_wait_until_enough_people_decided_them() -> None:
    ann, bob = vote("ann", "spam"), vote("bob", "ham")
    draft = vote("bob", "ham", status="draft")
    given = at(
        (0, picked(0)),
        (1, picked(1)),
        (20, recorded(votes(0, ann, bob), votes(1, ann), votes(2, ann, draft))),
        min_submitted=2,
    )

    assert waiting_texts(given) == 2 + 3


def test_a_batch_that_is_done_waits_for_nobody() -> None:
    assert waiting_texts(at((0, picked(0)), (0, picked(1)), (9, done(0)))) == 3


def test_people_are_expected_to_answer_at_their_pace_while_a_batch_is_picked() -> None:
    given = at((0, picked(0)), (0, picked(1)), (6, done(0)), (12, done(1)))

    assert expected_answers(given) == pytest.approx(0.5 * (5 + UNSEEN))


@pytest.mark.parametrize(
    "told",
    [
        ((0, picked(0, model=None)), (0, picked(1, model=None)), (6, done(0))),
        ((0, picked(0)), (0, picked(1))),
        ((0, picked(0)), (0, done(0))),
    ],
    ids=["no model has picked", "nothing is done", "the batch was given"],
)
def test_where_nothing_is_known_nothing_is_expected(told: tuple[tuple[float, e.EventData], ...]) -> None:
    given = at(*told, given=1 if len(told) == 2 and isinstance(told[1][1], e.BatchAnnotated) else 0)

    assert expected_answers(given) == 0
    assert not runs_low(given)


def test_a_break_in_one_batch_does_not_change_the_pace() -> None:
    told = [(0.0, picked(number)) for number in range(3)]
    night = 30_000.0

    given = at(*told, (6, done(0)), (night, done(1)), (night + 6, done(2)))

    assert expected_answers(given) == pytest.approx(0.5 * (5 + UNSEEN))


def test_time_in_which_people_had_nothing_to_label_does_not_count() -> None:
    told = [(0.0, picked(0)), (6, done(0)), (90, picked(1)), (106, done(1, opened=100))]

    assert expected_answers(at(*told)) == pytest.approx(0.5 * (5 + UNSEEN))


def test_a_clock_of_argilla_that_is_ahead_is_not_believed() -> None:
    told = [(0.0, picked(0)), (6, done(0, opened=500))]

    assert expected_answers(at(*told)) == pytest.approx(0.5 * (5 + UNSEEN))


def test_a_time_without_a_zone_is_in_utc() -> None:
    opened = (START + timedelta(seconds=100)).replace(tzinfo=None)
    last = e.BatchAnnotated(**{**dict(done(1)), "opened": opened})
    told = [(0.0, picked(0)), (6, done(0)), (90, picked(1)), (106, last)]

    assert expected_answers(at(*told)) == pytest.approx(0.5 * (5 + UNSEEN))


def test_two_batches_done_at_once_are_no_haste_without_bounds() -> None:
    told = [(0.0, picked(0)), (0, picked(1)), (12, done(0)), (12, done(1))]

    assert expected_answers(at(*told)) <= 3 * (5 + UNSEEN)


def test_it_runs_low_when_fewer_texts_wait_than_people_answer_meanwhile() -> None:
    told = [(0.0, picked(0)), (6, done(0)), (6, picked(1))]

    assert waiting_texts(at(*told)) < expected_answers(at(*told))
    assert runs_low(at(*told))
    slow = [(0.0, picked(0)), (60, done(0)), (60, picked(1))]
    assert not runs_low(at(*slow))
