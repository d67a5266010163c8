"""What makes two loops different to the digest."""

import gc
from typing import Any

import pytest

from labelloop.loop.digest import learned_digest, loop_digest
from labelloop.loop.schedule import next_batch
from schemas import events as e
from schemas.model import replaced
from tests.support.loops import Loop, mixed, project


def loop_with_second_batch(**changes: Any) -> Loop:
    """Batch 0, its model, and batch 1 with changes to what the querier would say."""
    loop = Loop(project(lookahead=0, batch_size=4), mixed)
    for act in ("query", "answer 0", "train"):
        loop.act(act)
    work = next_batch(loop.state)
    assert work is not None
    loop.append(replaced(loop.pick(work), **changes))
    return loop


def reversed_items() -> tuple[Any, ...]:
    items = loop_with_second_batch().state.batches["1"].queried.items
    backwards = enumerate(reversed(items))
    return tuple(replaced(pick, rank=rank) for rank, pick in backwards)


@pytest.mark.parametrize(
    "changes", [{"model": None}, {"items": ()}, {"items": reversed_items()}], ids=["model", "items", "ranks"]
)
def test_other_picks_make_another_digest(changes: dict[str, Any]) -> None:
    assert loop_digest(loop_with_second_batch(**changes).state) != loop_digest(loop_with_second_batch().state)


@pytest.mark.parametrize("changes", [{"seconds": 99.0}, {"attempt": 7}, {"strategy": "other"}])
def test_circumstances_make_no_difference(changes: dict[str, Any]) -> None:
    assert loop_digest(loop_with_second_batch(**changes).state) == loop_digest(loop_with_second_batch().state)


def test_a_final_model_makes_no_difference_beyond_its_labels() -> None:
    loop = Loop(project(max_batches=2, batch_size=4), mixed)
    loop.finish()
    before = loop_digest(loop.state)
    loop.answer(
        loop.state.batches["0"], {pick.item: ("ham",) for pick in loop.state.batches["0"].queried.items}
    )
    loop.finish()
    assert "final-1" in loop.state.models
    assert loop_digest(loop.state) != before

    loop.answer(loop.state.batches["0"])
    loop.finish()

    assert loop_digest(loop.state) == before


def test_an_open_batch_and_one_that_is_done_without_labels_differ() -> None:
    loop = Loop(project(), mixed)
    loop.act("query")
    loop.append(e.BatchClosed(request="1", who="ada", batch="0"))
    before = loop_digest(loop.state)

    loop.answer(loop.state.batches["0"], {})

    assert loop_digest(loop.state) != before


def test_what_was_learned_is_told_apart_by_its_labels() -> None:
    loop = Loop(project(batch_size=4), mixed)
    loop.act("query")
    loop.act("answer 0")
    items = [pick.item for pick in loop.state.batches["0"].queried.items]
    loop.answer(loop.state.batches["0"], dict.fromkeys(items, ("ham",)))
    loop.answer(loop.state.batches["0"])

    digests = [learned_digest(loop.state, {"0": revision}) for revision in range(3)]

    assert digests[0] != digests[1]
    assert digests[0] == digests[2]


def test_a_long_loop_is_digested_batch_by_batch() -> None:
    loop = Loop(project(pool=200, batch_size=2, max_batches=None), mixed)
    loop.finish()
    usual = gc.get_threshold()
    gc.collect()
    gc.set_threshold(250)
    try:
        before = gc.get_stats()[0]["collections"]

        loop_digest(loop.state)

        assert gc.get_stats()[0]["collections"] == before, "the lists of one batch live at a time"
    finally:
        gc.set_threshold(*usual)
