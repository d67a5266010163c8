"""Which model is measured next."""

from typing import Any

from schemas import events as e
from schemas.parts import Snapshot
from services.evaluator.due import next_evaluation
from tests.support.states import all_answered, evaluated, project, queried, state_of, trained

TEST = Snapshot(uri="x", digest="t", size=10, label_column="label")
MODELS = [trained(str(number), {"0": 0}) for number in range(4)]


def following(*told: e.EventData, keep: int = 5, **settings: Any) -> tuple[str, int] | None:
    state = state_of(project(**{"test": TEST} | settings), queried(), all_answered(), *told)
    model = next_evaluation(state, keep)
    return (model.model, model.trained.attempt) if model else None


def test_models_are_measured_in_their_order() -> None:
    assert following() is None
    assert following(*MODELS[:2]) == ("0", 0)
    assert following(*MODELS[:2], evaluated("0")) == ("1", 0)
    assert following(*MODELS[:2], evaluated("0"), evaluated("1")) is None


def test_without_a_test_set_nothing_is_measured() -> None:
    assert following(*MODELS, test=None) is None


def test_models_that_the_trainer_may_be_removing_are_passed_over() -> None:
    assert following(*MODELS, keep=3) == ("2", 0)
    assert following(*MODELS, keep=1) == ("3", 0)


def test_a_lost_model_waits_for_its_next_attempt() -> None:
    lost = e.ModelLost(model="0", attempt=0, reason="gone")

    assert following(MODELS[0], lost) is None
    assert following(MODELS[0], lost, trained("0", {"0": 0}, attempt=1)) == ("0", 1)


def test_a_model_that_was_measured_is_not_measured_again_when_trained_again() -> None:
    lost = e.ModelLost(model="0", attempt=0, reason="gone")

    assert following(MODELS[0], evaluated("0"), lost, trained("0", {"0": 0}, attempt=1)) is None
