"""Only what the criterion in force said counts."""

from typing import Any

from labelloop.loop.advice import advice_in_force, checks_in_force
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Choice, SettingsV2
from tests.support.states import advised, all_answered, checked, project, queried, state_of, trained

FACTS: tuple[e.EventData, ...] = (queried(), all_answered(), trained("0", {"0": 0}), trained("1", {"0": 0}))


def found(*said: e.EventData, name: str = "KappaAverage") -> tuple[list[str], str | None]:
    state = state_of(project(stopping=Choice(name=name)), *FACTS, *said)
    advice = advice_in_force(state)
    return [check.model for check in checks_in_force(state)], advice.model if advice else None


def to(name: str, request: str, **parameters: Any) -> e.ProjectChangedV2:
    settings = SettingsV2(stopping=Choice(name=name, parameters=parameters))
    return e.ProjectChangedV2(request=request, who="ann", from_batch=0, settings=settings)


def test_without_a_change_all_checks_count_however_the_criterion_is_written() -> None:
    said = replaced(checked("1"), criterion="kappa-average", parameters={})

    assert found(checked("0", stop=True), advised("0"), said) == (["0", "1"], "0")


def test_after_a_change_what_was_said_before_does_not_count() -> None:
    assert found(checked("0", stop=True), advised("0"), to("delta-f-score", "1")) == ([], None)
    assert found(checked("0", stop=True), advised("0"), to("none", "1")) == ([], None)
    assert found(checked("0", stop=True), advised("0"), to("kappa-average", "1", kappa=0.999)) == ([], None)


def test_a_criterion_that_comes_back_goes_on_where_no_other_spoke_meanwhile() -> None:
    other = replaced(checked("1"), criterion="delta-f-score", parameters={})
    back = (to("delta-f-score", "1"), to("KappaAverage", "2"))

    assert found(checked("0", stop=True), advised("0"), *back) == (["0"], "0")
    assert found(checked("0", stop=True), advised("0"), back[0], other, back[1]) == ([], None)
