"""The order of work after the lookahead was changed."""

from typing import Any, Literal

from labelloop.loop.proof import Proof
from labelloop.loop.schedule import next_batch
from schemas import events as e
from schemas.parts import SettingsV2
from tests.support.loops import PROJECT, Loop, mixed, project


def change(loop: Loop, from_batch: int, request: str = "1", **settings: Any) -> None:
    changed = SettingsV2(**{"lookahead_grows": False} | settings)
    loop.append(e.ProjectChangedV2(request=request, who="ada", from_batch=from_batch, settings=changed))


def going_on(lookahead: int | Literal["auto"] = 1, batches: int = 4) -> Loop:
    loop = Loop(project(pool=100, max_batches=9, lookahead=lookahead), mixed)
    while loop.state.numbered < batches:
        loop.act(next(who for who in ("query", "train", *loop.ready()) if who in loop.ready()))
    return loop


def picked(loop: Loop) -> list[str | None]:
    """The models that picked the batches; what the services said there is proven."""
    loop.finish()
    proof = Proof(PROJECT)
    for event in loop.events:
        assert proof.add(event), proof.halt
    return [batch.queried.model for batch in loop.state.batches.values()]


def test_a_smaller_lookahead_waits_for_newer_models_from_its_batch_on() -> None:
    loop = going_on(lookahead=1)
    change(loop, 4, lookahead=0)

    assert picked(loop) == [None, None, "0", "1", "3", "4", "5", "6", "7"]


def test_a_larger_lookahead_takes_no_older_model_than_the_batch_before() -> None:
    loop = going_on(lookahead=0)
    assert next_batch(loop.state) is None
    change(loop, 4, lookahead=2)

    due = next_batch(loop.state)

    assert due is not None
    assert (due.batch, due.model) == ("4", "2"), "nobody waits for model 3"
    assert picked(loop) == [None, "0", "1", "2", "2", "2", "3", "4", "5"]


def test_batches_that_were_picked_stay_as_they_are() -> None:
    loop = going_on(lookahead=2)
    before = dict(loop.state.batches)
    change(loop, 0, lookahead=0)

    assert picked(loop)[:4] == [None, None, None, "0"]
    assert {name: batch.queried for name, batch in before.items()} == {
        name: loop.state.batches[name].queried for name in before
    }


def test_a_fixed_lookahead_becomes_one_that_grows_and_a_fixed_one_again() -> None:
    loop = going_on(lookahead=1)
    change(loop, 4, lookahead=1, lookahead_grows=True)
    change(loop, 7, request="2", lookahead=1)

    models = picked(loop)

    assert list(loop.state.chosen) == ["4", "5", "6"]
    assert models[:4] == [None, None, "0", "1"]
    assert [loop.state.chosen[batch].model for batch in "456"] == models[4:7]
    assert None not in models[2:], "no batch became a random draw because its model was passed over"


def test_from_auto_to_a_number_a_model_that_was_passed_over_is_not_waited_for() -> None:
    loop = going_on(lookahead="auto", batches=6)
    change(loop, 6, lookahead=0)

    models = picked(loop)

    assert models[6:] == ["5", "6", "7"]
