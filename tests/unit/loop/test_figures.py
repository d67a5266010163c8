"""The learning curve, the waits, and the percentiles."""

from datetime import timedelta
from typing import Any

import pytest

from labelloop.loop.figures import Point, curve, labels_up_to, spread, waits
from schemas import events as e
from tests.support.states import START, answered, evaluated, project, queried, state_of, trained, vote


def at(seconds: float) -> Any:
    return START + timedelta(seconds=seconds)


def done(batch: str, items: range, opened: float, last_vote: float) -> e.BatchAnnotated:
    """A batch whose records came at `opened`, and whose last vote was given at `last_vote`."""
    times = [last_vote - step for step in range(len(items))]
    answers = [
        answered(item, vote("ann", "spam", time=at(t)))
        for item, t in zip(items, reversed(times), strict=True)
    ]
    return e.BatchAnnotated(batch=batch, revision=0, items=tuple(answers), opened=at(opened))


def test_the_curve_follows_the_order_of_training_not_of_evaluation() -> None:
    state = state_of(
        project(),
        queried("0", range(3)),
        done("0", range(3), 0, 10),
        queried("1", range(3, 6)),
        done("1", range(3, 6), 0, 20),
        trained("0", {"0": 0}),
        trained("1", {"0": 0, "1": 0}),
        evaluated("1", 6, 0.8),
        evaluated("0", 3, 0.5),
    )

    assert curve(state) == [Point("0", 3, 0.5, 0.25), Point("1", 6, 0.8, 0.4)]


def test_a_batch_that_came_in_time_kept_nobody_waiting() -> None:
    state = state_of(
        project(),
        queried("0", range(3)),
        queried("1", range(3, 6)),
        done("0", range(3), 0, 30),
        done("1", range(3, 6), 0, 60),
    )

    assert waits(state) == {"1": 0.0}


def test_annotators_waited_from_their_last_vote_on_any_earlier_batch() -> None:
    state = state_of(
        project(),
        queried("0", range(3)),
        queried("1", range(3, 6)),
        done("0", range(3), 0, 90),
        done("1", range(3, 6), 0, 60),
        queried("2", range(6, 9)),
        done("2", range(6, 9), 97.5, 120),
    )

    assert waits(state) == {"1": 0.0, "2": 7.5}


def test_a_later_revision_does_not_change_how_long_they_waited() -> None:
    told = [
        project(),
        queried("0", range(3)),
        done("0", range(3), 0, 30),
        queried("1", range(3, 6)),
        done("1", range(3, 6), 40, 60),
    ]
    late = tuple(answered(item, vote("ann", "ham", time=at(500))) for item in range(3))
    revised = e.BatchAnnotated(batch="0", revision=1, items=late, opened=at(0))

    assert waits(state_of(*told, revised)) == waits(state_of(*told)) == {"1": 10.0}


def test_nobody_waits_for_texts_that_are_asked_for_once_more() -> None:
    told = [project(), queried("0", range(3)), done("0", range(3), 0, 30)]
    again = [
        e.RelabelRequested(request="1", who="ann", items=(0,)),
        queried("relabel-1", (0,)),
        done("relabel-1", range(1), 500, 600),
    ]

    assert waits(state_of(*told, *again)) == waits(state_of(*told)) == {}
    assert labels_up_to(state_of(*told, *again), "relabel-1") == 3


def test_labels_are_counted_up_to_a_batch_without_the_discarded() -> None:
    discarded = (answered(3, vote("ann"), discarded=True), answered(4, vote("ann", "spam")))
    state = state_of(
        project(),
        queried("0", range(3)),
        done("0", range(3), 0, 30),
        queried("1", (3, 4)),
        e.BatchAnnotated(batch="1", revision=0, items=discarded),
    )

    assert (labels_up_to(state, "0"), labels_up_to(state, "1")) == (3, 4)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [([], (0, 0, 0)), ([4.0], (4, 4, 4)), ([3.0, 1.0], (2, 2.9, 3)), (list(range(101)), (50, 95, 100))],
)
def test_percentiles_lie_between_what_was_measured(
    seconds: list[float], expected: tuple[float, float, float]
) -> None:
    found = spread(seconds)

    assert (found.p50, found.p95, found.max) == pytest.approx(expected)
