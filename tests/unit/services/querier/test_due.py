"""Whether the querier will need the learner."""

from schemas import events as e
from services.querier.due import is_model_wanted
from tests.support.states import project, queried, state_of

FIRST, SECOND = queried("0"), queried("1", (3, 4, 5))


def test_cold_starts_need_no_model() -> None:
    assert not is_model_wanted(state_of(project()))
    assert not is_model_wanted(state_of(project(), FIRST))


def test_the_batch_after_the_cold_starts_needs_one() -> None:
    assert is_model_wanted(state_of(project(), FIRST, SECOND))
    assert is_model_wanted(state_of(project(lookahead=0), FIRST))


def test_after_the_last_batch_none_is_needed() -> None:
    assert not is_model_wanted(state_of(project(max_batches=2), FIRST, SECOND))
    assert not is_model_wanted(state_of(project(), FIRST, SECOND, e.ProjectEnded(request="1", who="ann")))
