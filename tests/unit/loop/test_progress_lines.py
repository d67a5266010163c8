"""When a batch's line is complete."""

from labelloop.loop.progress_lines import BatchLine, batch_lines
from schemas import events as e
from schemas.parts import Snapshot
from tests.support.states import all_answered, evaluated, project, queried, state_of, trained

TEST_SET = Snapshot(uri="mail-5e1f/test/x.arrow", digest="t", size=10)


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
