"""What the evaluator does next, and what follows from a check for stopping."""

from typing import Any

from labelloop.loop.figures import predictions
from labelloop.loop.pools import Pool
from labelloop.loop.random_draws import pool_order
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Choice, SettingsV2, Snapshot
from services.evaluator.due import (
    RECORDED,
    count_up_to,
    earlier,
    next_check,
    next_evaluation,
    next_recording,
    next_work,
    recorded_texts,
    stopping_events,
    stopping_set,
)
from tests.support.messages import names
from tests.support.states import (
    advised,
    all_answered,
    checked,
    evaluated,
    project,
    queried,
    recorded_predictions,
    state_of,
    trained,
)

TEST = Snapshot(uri="x", digest="d", size=10, label_column="label")
MODELS = [trained(str(number), {"0": 0}) for number in range(4)]
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


def to_another(test: str, request: str = "1") -> e.ProjectChangedV2:
    settings = SettingsV2(test=replaced(TEST, digest=test))
    return e.ProjectChangedV2(request=request, who="ann", from_batch=0, settings=settings)


def on(test: str, model: str) -> e.ModelEvaluatedV2:
    return e.ModelEvaluatedV2(**{**dict(evaluated(model)), "test_version": test})


def test_on_another_test_set_the_newest_model_is_measured_again_and_each_later_one() -> None:
    measured = (*MODELS[:2], evaluated("0"), evaluated("1"), to_another("u"))
    assert following(*measured) == ("1", 0)
    assert following(*measured, on("u", "1")) is None
    assert following(*measured, on("u", "1"), MODELS[2]) == ("2", 0)

    back = (*measured, on("u", "1"), to_another("d", "2"))
    assert following(*back) is None, "its figures on that one are known"


def test_a_first_test_set_that_comes_later_measures_the_models_that_there_are() -> None:
    assert following(*MODELS[:2], to_another("u"), test=None) == ("0", 0)


def recorded(*told: e.EventData, keep: int = 5, **settings: Any) -> tuple[str, int] | None:
    """Of which model, and which attempt of it, predictions are due."""
    state = state_of(project(**{"test": TEST} | settings), queried(), all_answered(), *told)
    work = next_recording(state, keep)
    return (work.model, work.trained.attempt) if work else None


def test_of_each_model_predictions_are_recorded_in_their_order() -> None:
    said = recorded_predictions
    assert recorded() is None
    assert recorded(MODELS[0]) == ("0", 0)
    assert recorded(MODELS[0], said("0")) is None
    assert recorded(MODELS[0], said("0"), *MODELS[1:3]) == ("1", 0)
    assert recorded(MODELS[0], said("0"), *MODELS[1:3], said("1")) == ("2", 0)
    assert recorded(MODELS[0], said("0", test_version=None), test=None) is None


def test_in_a_project_without_any_they_begin_with_the_newest_model() -> None:
    assert recorded(*MODELS) == ("3", 0)
    assert recorded(*MODELS, recorded_predictions("3")) is None
    assert recorded(*MODELS, recorded_predictions("3"), trained("final-1", {"0": 0})) == ("final-1", 0)


def test_of_models_that_the_trainer_may_be_removing_none_are_recorded() -> None:
    assert recorded(MODELS[0], recorded_predictions("0"), *MODELS[1:], keep=3) == ("2", 0)


def test_those_of_a_lost_model_wait_for_its_next_attempt_and_are_recorded_once() -> None:
    lost, again = e.ModelLost(model="0", attempt=0, reason="gone"), trained("0", {"0": 0}, attempt=1)

    assert recorded(MODELS[0], lost) is None
    assert recorded(MODELS[0], lost, again) == ("0", 1)
    assert recorded(MODELS[0], recorded_predictions("0"), lost, again) is None


def test_of_a_model_that_is_not_in_the_store_none_are_recorded() -> None:
    state = state_of(project(), queried(), all_answered(), *MODELS[:2])

    assert next_work(state, 5, {"1-0"}) is None
    work = next_work(state_of(project(), queried(), all_answered(), *MODELS[:3]), 5, {"1-0"})
    assert work is not None
    assert work.model == "2"


def test_on_another_test_set_those_of_the_newest_model_are_recorded_again() -> None:
    said = (*MODELS[:2], recorded_predictions("0"), recorded_predictions("1"))

    assert recorded(*said, to_another("u")) == ("1", 0)
    assert recorded(*said, to_another("u"), recorded_predictions("1", test_version="u")) is None
    assert recorded(*said, test=None) == ("1", 0)
    back = (*said, to_another("u"), recorded_predictions("1", test_version="u"), to_another("d", "2"))
    assert recorded(*back) is None, "what it says of that one is known"
    found = predictions(state_of(project(test=TEST), queried(), all_answered(), *back))
    assert {model: each.test_version for model, each in found.items()} == {"0": "d", "1": "d"}


def test_what_is_measured_comes_before_what_is_recorded() -> None:
    def first(*told: e.EventData) -> str:
        settings: dict[str, Any] = {"test": TEST, "stopping": Choice(name="kappa-average")}
        work = next_work(state_of(project(**settings), queried(), all_answered(), *told), 5)
        return type(work).__name__

    assert first(MODELS[0]) == "Evaluation"
    assert first(MODELS[0], evaluated("0")) == "Check"
    assert first(MODELS[0], evaluated("0"), checked("0")) == "Recording"
    assert first(MODELS[0], evaluated("0"), checked("0"), recorded_predictions("0")) == "NoneType"


def pool_of_sizes(*sizes: int) -> Pool:
    return Pool(tuple(Snapshot(uri=f"{size}", digest=f"{size}", size=size) for size in sizes))


def test_the_same_texts_are_recorded_of_each_model_and_all_of_a_small_pool() -> None:
    large = recorded_texts(project(), pool_of_sizes(9000))

    assert large == recorded_texts(project(batch_size=7), pool_of_sizes(9000))
    assert len(set(large)) == RECORDED == 2000
    assert set(large) == set(pool_order(project().seed, 9000)[:RECORDED]), "those at which picks look first"
    assert large != recorded_texts(project(seed=1), pool_of_sizes(9000))
    assert recorded_texts(project(), pool_of_sizes(40)) == list(range(40))
    assert recorded_texts(project(), pool_of_sizes(40, 20)) == list(range(60))


def test_of_a_pool_that_grew_most_texts_are_those_of_before() -> None:
    before = recorded_texts(project(), pool_of_sizes(9000))
    after = recorded_texts(project(), pool_of_sizes(9000, 1000))

    old = [item for item in after if item < 9000]
    assert (len(after), len(old)) == (2000, 1800)
    assert set(old) < set(before)


def after(*said: e.EventData, **settings: Any) -> LoopState:
    changes: dict[str, Any] = {"stopping": Choice(name="kappa-average")} | settings
    return state_of(project(**changes), queried(), all_answered(), *said)


def due(state: LoopState) -> str | None:
    work = next_check(state, 5)
    return work.model if work else None


def test_the_criterion_is_asked_after_each_model_in_turn() -> None:
    assert due(after()) is None
    assert due(after(*MODELS[:2])) == "0"
    assert due(after(*MODELS[:2], checked("0"))) == "1"
    assert due(after(*MODELS[:2], checked("0"), checked("1"))) is None


def test_it_is_not_asked_without_a_criterion_after_an_end_or_of_a_final_model() -> None:
    end = e.ProjectEnded(request="1", who="ann")

    assert due(after(MODELS[0], stopping=None)) is None
    assert due(after(MODELS[0], end)) is None
    assert due(after(trained("final-1", {"0": 0}))) is None


def test_all_models_are_compared_by_the_same_texts() -> None:
    small, large = project(), project(pool=replaced(project().pool, size=5000))

    assert stopping_set(large) == stopping_set(large)
    assert len(set(stopping_set(large))) == 500
    assert sorted(stopping_set(small)) == list(range(40))
    assert stopping_set(large) != stopping_set(replaced(large, seed=1))


def test_the_past_is_that_of_the_models_before() -> None:
    state = after(*MODELS, checked("0"), checked("1"), checked("3"))

    assert [found.model for found in earlier(state, "3", 5)] == ["0", "1"]
    assert [found.model for found in earlier(state, "3", 1)] == ["1"]
    assert earlier(state, "3", 0) == []


def test_models_are_counted_also_those_that_no_check_followed() -> None:
    state = after(*MODELS[:2], trained("final-1", {"0": 0}), *MODELS[2:], checked("0"))

    assert (count_up_to(state, "0"), count_up_to(state, "3")) == (1, 4)


def test_advice_is_given_when_it_begins_not_again() -> None:
    assert stopping_events(after(*MODELS, checked("0")), checked("1")) == [checked("1")]

    found = stopping_events(after(*MODELS, checked("0")), checked("1", stop=True))

    assert found == [checked("1", stop=True), advised("1")]
    state = after(*MODELS, checked("0"), *found)
    assert state.advised == advised("1")
    assert not state.ended
    assert stopping_events(state, checked("2", stop=True)) == [checked("2", stop=True)]
    assert (
        len(stopping_events(after(*MODELS, checked("0", stop=True), checked("1")), checked("2", stop=True)))
        == 2
    )


def test_the_project_ends_by_the_advice_where_it_was_told_to() -> None:
    found = stopping_events(after(*MODELS, stop_when_advised=True), checked("0", stop=True))

    assert after(*MODELS, *found).ended
    assert isinstance(found[-1], e.ProjectEnded)
    assert found[-1].who == "evaluator"
    assert names(found[-1].why, "KappaAverage", "0")


def to_criterion(name: str, request: str = "1", **parameters: Any) -> e.ProjectChangedV2:
    settings = SettingsV2(stopping=Choice(name=name, parameters=parameters))
    return e.ProjectChangedV2(request=request, who="ann", from_batch=0, settings=settings)


def test_another_criterion_or_none_is_asked_after_the_next_model() -> None:
    assert due(after(MODELS[0], to_criterion("none"))) is None
    assert due(after(MODELS[0], to_criterion("delta-f-score"), stopping=None)) == "0"
    assert due(after(*MODELS[:2], checked("0"), to_criterion("delta-f-score"))) == "1"


def test_what_models_said_before_stays_known_to_another_criterion() -> None:
    state = after(*MODELS[:2], checked("0"), to_criterion("delta-f-score"))

    assert [check.model for check in earlier(state, "1", 5)] == ["0"]


def test_another_criterion_advises_anew_though_the_one_before_said_stop() -> None:
    said = (*MODELS[:2], checked("0", stop=True), advised("0"), to_criterion("delta-f-score"))
    check = replaced(checked("1", stop=True), criterion="delta-f-score", parameters={})

    assert [type(each).__name__ for each in stopping_events(after(*said), check)] == [
        "StoppingChecked",
        "StoppingAdvised",
    ]
    again = (*said, check, MODELS[2])
    later = replaced(check, model="2")
    assert [type(each).__name__ for each in stopping_events(after(*again), later)] == ["StoppingChecked"]
    stricter = (*again, to_criterion("delta-f-score", "2", threshold=0.01))
    later = replaced(later, parameters={"threshold": 0.01})
    assert len(stopping_events(after(*stricter), later)) == 2


def test_whether_an_advice_ends_the_project_can_change() -> None:
    settings = SettingsV2(stop_when_advised=False)
    kept = e.ProjectChangedV2(request="1", who="ann", from_batch=0, settings=settings)

    assert len(stopping_events(after(MODELS[0], stop_when_advised=True), checked("0", stop=True))) == 3
    assert len(stopping_events(after(MODELS[0], kept, stop_when_advised=True), checked("0", stop=True))) == 2
