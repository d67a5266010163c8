"""What the audited texts say of a model's probabilities."""

from typing import Any

import numpy as np
import pytest

from labelloop.loop.state import LoopState
from labelloop.projects.predictions.calibration import (
    FEWEST,
    FEWEST_ABOVE,
    Calibration,
    audited_share,
    calibrated,
)
from labelloop.projects.predictions.reliability import SELF_TRAINED, AuditedText, audited
from schemas.model import replaced
from schemas.parts import QueriedItem
from tests.support.states import all_answered, project, queried, state_of, trained


def seen(probability: float, right: int, wrong: int) -> list[AuditedText]:
    return [AuditedText(probability, True)] * right + [AuditedText(probability, False)] * wrong


def pick(item: int, label: str | None, reason: str = "audit", probability: float | None = 0.8) -> QueriedItem:
    predicted = () if label is None else (label,)
    return QueriedItem(item=item, rank=0, reason=reason, predicted=predicted, probability=probability)


def a_state(*picks: QueriedItem, **metrics: float) -> LoopState:
    """Model 0 picked these, and Ann labelled items 6 to 8: spam, ham, news. `metrics`: of model 1."""
    picked = replaced(queried("2", model="0"), items=picks)
    return state_of(
        project(),
        queried("0"),
        queried("1", (3, 4, 5)),
        all_answered("0"),
        trained("0", {"0": 0}),
        picked,
        all_answered("1", (3, 4, 5)),
        replaced(trained("1", {"0": 0, "1": 0}), metrics=metrics),
        all_answered("2", (6, 7, 8)),
    )


def test_audited_texts_tell_what_was_said_of_them_before_they_were_labelled() -> None:
    state = a_state(pick(6, "spam"), pick(7, "news", probability=0.6), pick(8, "news", "uncertain"))

    assert audited(state, "1") == [AuditedText(0.8, True), AuditedText(0.6, False)]


def test_a_model_that_learned_in_another_way_tells_nothing_of_this_one() -> None:
    picks = (pick(6, "spam"), pick(7, "ham"), pick(8, "news"))

    assert audited(a_state(*picks, **{SELF_TRAINED: 12}), "1") == []
    assert len(audited(a_state(*picks, train_loss=0.1), "1")) == 3


def test_a_text_of_which_nothing_was_said_tells_nothing() -> None:
    state = a_state(pick(6, None, probability=None), pick(7, "ham"), pick(8, "spam"))

    assert [each.is_right for each in audited(state, "0")] == [True, False]


@pytest.mark.parametrize(
    ("right", "wrong", "cooler"), [(200, 200, False), (399, 1, True)], ids=["too sure", "not sure enough"]
)
def test_a_model_that_was_too_sure_is_believed_less(right: int, wrong: int, cooler: bool) -> None:
    found = calibrated(seen(0.9, right, wrong))

    assert found is not None
    assert (found.temperature < 1) is cooler
    assert bool(found.of(np.array([0.9]))[0] > 0.9) is cooler


def test_many_texts_lead_to_the_share_that_was_right() -> None:
    found = calibrated([*seen(0.95, 8_500, 1_500), *seen(0.6, 5_600, 4_400)])

    assert found is not None
    assert found.of(np.array([0.95]))[0] == pytest.approx(0.85, abs=0.02)


def test_few_texts_change_little_and_too_few_nothing() -> None:
    few = seen(0.9, FEWEST - 5, 5)

    found = calibrated(few)

    assert found is not None
    assert 1 < found.temperature < 1.5
    assert calibrated(few[1:]) is None


def test_no_probability_leaves_its_range_and_their_order_stays() -> None:
    probabilities = np.array([0.0, 1e-9, 0.3, 0.5, 0.9, 1.0])

    found = Calibration(2.0, FEWEST).of(probabilities)

    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert found[3] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("at_least", "expected"), [(0.9, (40, 38, True)), (0.95, (0, 0, False)), (0.0, (50, 43, True))]
)
def test_of_a_threshold_the_audited_texts_above_it_tell(at_least: float, expected: tuple[Any, ...]) -> None:
    told = audited_share([*seen(0.9, 38, 2), *seen(0.5, 5, 5)], None, at_least)

    assert (told.audited, told.right, told.tells) == expected
    assert 0 <= told.low <= told.high <= 1


def test_a_threshold_is_one_of_calibrated_probabilities() -> None:
    told = audited_share(seen(0.9, FEWEST_ABOVE, 0), Calibration(3.0, FEWEST), 0.9)

    assert (told.audited, told.tells) == (0, False)
