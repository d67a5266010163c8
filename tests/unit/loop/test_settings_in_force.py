"""Settings that change on the way; and only what the criterion in force said counts."""

from typing import Any

from labelloop.loop.schedule import next_batch
from labelloop.loop.settings_in_force import (
    advice_in_force,
    at_batch,
    checks_in_force,
    for_next,
    of_model,
    shows_otherwise,
)
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Choice, Settings, SettingsV2
from tests.support.loops import Loop, mixed, project
from tests.support.states import advised, all_answered, checked, queried, state_of, trained
from tests.support.states import project as project_with

FACTS: tuple[e.EventData, ...] = (queried(), all_answered(), trained("0", {"0": 0}), trained("1", {"0": 0}))


def change_v2(loop: Loop, from_batch: int, request: str = "1", **settings: object) -> None:
    changed = SettingsV2(**settings)  # type: ignore[arg-type]
    loop.append(e.ProjectChangedV2(request=request, who="ada", from_batch=from_batch, settings=changed))


def change(loop: Loop, from_batch: int, request: str = "1", **settings: object) -> None:
    loop.append(
        e.ProjectChanged(request=request, who="ada", from_batch=from_batch, settings=Settings(**settings))  # type: ignore[arg-type]
    )


def with_batches(count: int) -> Loop:
    """A loop whose newest batch is not yet answered."""
    loop = Loop(project(pool=100, max_batches=None), mixed)
    while loop.state.numbered < count:
        loop.act(next(who for who in ("query", "train", *loop.ready()) if who in loop.ready()))
    return loop


def test_a_change_holds_from_its_batch_on() -> None:
    loop = with_batches(2)
    change(loop, 4, batch_size=5)

    while loop.state.numbered < 6:
        loop.act(loop.ready()[0])

    sizes = [len(batch.items) for batch in loop.state.batches.values()]
    assert sizes == [3, 3, 3, 3, 5, 5]


def test_a_change_from_a_batch_that_was_picked_holds_from_the_next_one_on() -> None:
    loop = with_batches(3)
    before = at_batch(loop.state, 2)

    change(loop, 0, strategy=Choice(name="prediction-entropy"), batch_size=7)

    assert at_batch(loop.state, 2) == before
    assert at_batch(loop.state, 3).strategy.name == "prediction-entropy"
    assert at_batch(loop.state, 3).classifier == before.classifier


def test_of_two_changes_of_the_same_the_later_one_counts() -> None:
    loop = with_batches(1)
    change(loop, 3, batch_size=5)
    change(loop, 2, request="2", batch_size=4)

    assert [at_batch(loop.state, number).batch_size for number in range(5)] == [3, 3, 4, 4, 4]


def test_a_model_has_the_settings_of_the_newest_batch_that_it_learned() -> None:
    loop = with_batches(1)
    change(loop, 2, classifier=Choice(name="transformer"))
    while "3" not in loop.state.models:
        loop.act(loop.ready()[0])

    names = {name: of_model(loop.state, name).classifier.name for name in loop.state.models}

    assert names == {"0": "linear", "1": "linear", "2": "transformer", "3": "transformer"}


def test_a_pick_that_was_begun_before_a_change_is_not_what_is_due_after_it() -> None:
    loop = with_batches(1)
    begun = next_batch(loop.state)

    change(loop, 1, strategy=Choice(name="prediction-entropy"))

    assert begun is not None
    assert next_batch(loop.state) not in (begun, None)


def test_a_pick_that_was_begun_before_a_change_that_concerns_no_pick_stays_due() -> None:
    loop = with_batches(1)
    begun = next_batch(loop.state)

    change_v2(loop, 1, guidelines="Spam asks for money.", stop_when_advised=False)

    assert next_batch(loop.state) == begun is not None


def test_more_batches_let_a_loop_go_on_that_was_at_its_end() -> None:
    loop = Loop(project(max_batches=2), mixed)
    loop.finish()
    assert next_batch(loop.state) is None

    change(loop, 2, max_batches=3)
    loop.finish()

    assert list(loop.state.models) == ["0", "1", "2"]


def test_guidelines_are_shown_as_soon_as_their_batch_is_the_next_one() -> None:
    loop = with_batches(1)
    change(loop, 1, batch_size=5)
    change_v2(loop, 2, request="2", guidelines="Spam asks for money.")
    assert (shows_otherwise(loop.state), for_next(loop.state).guidelines) == (False, None)

    while loop.state.numbered < 2:
        loop.act(loop.ready()[0])

    assert (shows_otherwise(loop.state), for_next(loop.state).guidelines) == (True, "Spam asks for money.")


def in_force_after(*events: e.EventData, name: str = "KappaAverage") -> tuple[list[str], str | None]:
    state = state_of(project_with(stopping=Choice(name=name)), *FACTS, *events)
    advice = advice_in_force(state)
    return [check.model for check in checks_in_force(state)], advice.model if advice else None


def to(name: str, request: str, **parameters: Any) -> e.ProjectChangedV2:
    settings = SettingsV2(stopping=Choice(name=name, parameters=parameters))
    return e.ProjectChangedV2(request=request, who="ann", from_batch=0, settings=settings)


def test_without_a_change_all_checks_count_however_the_criterion_is_written() -> None:
    last_check = replaced(checked("1"), criterion="kappa-average", parameters={})

    assert in_force_after(checked("0", stop=True), advised("0"), last_check) == (["0", "1"], "0")


def test_after_a_change_what_was_said_before_does_not_count() -> None:
    assert in_force_after(checked("0", stop=True), advised("0"), to("delta-f-score", "1")) == ([], None)
    assert in_force_after(checked("0", stop=True), advised("0"), to("none", "1")) == ([], None)
    assert in_force_after(checked("0", stop=True), advised("0"), to("kappa-average", "1", kappa=0.999)) == (
        [],
        None,
    )


def test_a_criterion_that_comes_back_goes_on_where_no_other_spoke_meanwhile() -> None:
    other = replaced(checked("1"), criterion="delta-f-score", parameters={})
    back = (to("delta-f-score", "1"), to("KappaAverage", "2"))

    assert in_force_after(checked("0", stop=True), advised("0"), *back) == (["0"], "0")
    assert in_force_after(checked("0", stop=True), advised("0"), back[0], other, back[1]) == ([], None)
