"""The learning curve, the waits, and the percentiles."""

from datetime import timedelta
from typing import Any

import pytest

from labelloop.loop.figures import (
    BatchLine,
    Point,
    batch_lines,
    curve,
    curves,
    evaluation,
    labels_up_to,
    name_of_test_set,
    spread,
    waits,
)
from schemas import events as e
from schemas.parts import SettingsV2, Snapshot
from tests.support.states import (
    START,
    all_answered,
    answered,
    evaluated,
    project,
    queried,
    state_of,
    trained,
    vote,
)

TEST_SET = Snapshot(uri="mail-5e1f/test/x.arrow", digest="t", size=10)


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


def on_another(evaluated: e.ModelEvaluated) -> e.ModelEvaluatedV2:
    return e.ModelEvaluatedV2(**{**dict(evaluated), "test_version": "another"})


def test_after_a_change_of_the_test_set_there_is_a_curve_for_each_and_the_newest_is_the_curve() -> None:
    another = SettingsV2(test=Snapshot(uri="mail-5e1f/test/y.arrow", digest="another", size=10))
    facts = (
        project(test=TEST_SET.model_copy(update={"digest": "d"})),
        queried("0", range(3)),
        done("0", range(3), 0, 10),
        queried("1", range(3, 6)),
        done("1", range(3, 6), 0, 20),
        trained("0", {"0": 0}),
        evaluated("0", 3, 0.5),
        e.ProjectChangedV2(request="1", who="ann", from_batch=2, settings=another),
    )

    before = state_of(*facts)
    state = state_of(
        *facts,
        on_another(evaluated("0", 3, 0.25)),
        trained("1", {"0": 0, "1": 0}),
        on_another(evaluated("1", 6, 0.75)),
    )

    assert curve(before) == [], "nothing is known of the new one yet"
    assert curve(state) == [Point("0", 3, 0.25, 0.125), Point("1", 6, 0.75, 0.375)]
    assert curves(state) == {"d": [Point("0", 3, 0.5, 0.25)], "another": curve(state)}
    assert (name_of_test_set(state, "another"), name_of_test_set(state_of(*facts[:-1]), "d")) == (
        "another",
        None,
    )
    assert [found.accuracy for name in "01" if (found := evaluation(state, name))] == [0.25, 0.75]


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


def test_a_batch_has_its_line_once_its_model_was_tested() -> None:
    told = [project(test=TEST_SET), queried("0", seconds=0.5), all_answered("0"), trained("0", {"0": 0})]

    assert list(batch_lines(state_of(*told))) == []
    assert list(batch_lines(state_of(*told, evaluated("0", 3, 0.7)))) == [
        BatchLine("0", 3, 0.7, 1, 0.5, None)
    ]


def test_a_model_that_was_too_old_when_its_turn_came_is_not_waited_for() -> None:
    told: list[e.EventData] = [project(test=TEST_SET)]
    for number in range(3):
        told += [queried(str(number), range(3 * number, 3 * number + 3))]
        told += [all_answered(str(number), range(3 * number, 3 * number + 3))]
        told += [trained(str(number), {str(n): 0 for n in range(number + 1)})]

    lines = list(batch_lines(state_of(*told, evaluated("1"))))

    assert [(line.name, line.accuracy) for line in lines] == [("0", None), ("1", 0.5)]


def test_without_a_test_set_it_has_it_once_it_was_learned() -> None:
    told = [project(), queried("0"), all_answered("0")]

    assert list(batch_lines(state_of(*told))) == []
    assert list(batch_lines(state_of(*told, trained("0", {"0": 0})))) == [BatchLine("0", 3, None, 1, 0, None)]


def test_a_batch_that_no_model_learns_alone_has_its_line_at_the_end() -> None:
    told = [
        project(),
        queried("0"),
        queried("1", range(3, 6)),
        all_answered("0"),
        e.ProjectEnded(request="r", who="ann"),
        all_answered("1", range(3, 6)),
    ]

    assert list(batch_lines(state_of(*told))) == []
    lines = list(batch_lines(state_of(*told, trained("final-1", {"0": 0, "1": 0}))))
    assert [(line.name, line.labels, line.trained) for line in lines] == [
        ("0", 3, None),
        ("1", 6, None),
        ("final-1", 3, 1),
    ]
