"""Which models a server takes over."""

from collections.abc import Sequence

from labelloop.loop.state import LoopState
from labelloop.serving.models import candidates, columns_of
from schemas.events import ModelTrained
from schemas.parts import Snapshot
from tests.support.states import all_answered, project, queried, state_of, trained

LEARNED = [{f"{batch}": 0 for batch in range(number + 1)} for number in range(2)]
MODELS = [trained(f"{number}", learned) for number, learned in enumerate(LEARNED)]


def state(*models: ModelTrained) -> LoopState:
    labelled = [queried("0"), queried("1", (3, 4, 5)), all_answered("0"), all_answered("1", (3, 4, 5))]
    return state_of(project(), *labelled, *models)


def found(
    state: LoopState,
    pinned: str | None = None,
    served: ModelTrained | None = None,
    lost: Sequence[ModelTrained] = (),
) -> list[str]:
    chosen = candidates(state, pinned, served, {each.sha256 for each in lost})
    return [f"{each.model}-{each.attempt}" for each in chosen]


def test_the_newest_is_first_and_older_ones_follow() -> None:
    assert found(state()) == []
    assert found(state(*MODELS[:2])) == ["1-0", "0-0"]


def test_nothing_older_than_what_answers_is_taken_over() -> None:
    assert found(state(*MODELS[:2]), served=MODELS[0]) == ["1-0"]
    assert found(state(*MODELS[:2]), served=MODELS[1]) == []


def test_a_model_that_could_not_be_loaded_is_passed_over() -> None:
    assert found(state(*MODELS[:2]), lost=MODELS[1:]) == ["0-0"]
    assert found(state(*MODELS[:2]), served=MODELS[0], lost=MODELS[1:]) == []


def test_a_further_attempt_takes_the_place_of_the_former() -> None:
    again = trained("1", LEARNED[1], attempt=1)

    assert found(state(*MODELS[:2], again), served=MODELS[1]) == ["1-1"]
    assert found(state(*MODELS[:2], again), lost=MODELS[1:2]) == ["1-1", "0-0"]


def test_a_pinned_model_is_the_only_one() -> None:
    assert found(state(*MODELS[:2]), pinned="0") == ["0-0"]
    assert found(state(*MODELS[:2]), pinned="0", served=MODELS[0]) == []


def test_a_text_has_columns_only_if_there_are_several() -> None:
    pool = Snapshot(uri="x", digest="d", size=9)

    assert columns_of(state_of(project())) == ()
    assert columns_of(state_of(project(pool=pool, text_columns=("body",)))) == ()
    assert columns_of(state_of(project(pool=pool, text_columns=("subject", "body")))) == ("subject", "body")
