"""The pool at points of a loop, and what growing means for the order of work."""

import pytest

from labelloop.loop.pools import (
    offsets_read,
    pool_at,
    pool_for_learned,
    pool_for_next,
    pool_of,
    pool_of_version,
    remaining,
)
from labelloop.loop.proof import Proof
from labelloop.loop.schedule import NextBatch, finished, next_batch, next_model, still_due
from labelloop.loop.settings_in_force import snapshots
from schemas import events as e
from schemas.model import replaced
from schemas.parts import TopicRead
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.schedules import begun, due_batch, items_of


def halt_of(loop: Loop) -> str | None:
    proof = Proof(PROJECT)
    for event in loop.events:
        proof.add(event)
    return str(proof.halt) if proof.halt else None


def run_out(lookahead: int = 1) -> Loop:
    """Each of its seven texts was asked: batches 0, 1 and, of one text, 2."""
    loop = begun(pool=7, batch_size=3, max_batches=None, lookahead=lookahead)
    loop.finish()
    return loop


def test_a_pool_that_never_grew_is_the_one_it_began_with() -> None:
    loop = begun()

    pool = pool_of(loop.state)

    assert (pool.snapshots, pool.size, pool.version, pool.has_grown) == (
        (loop.created.pool,),
        40,
        "d",
        False,
    )


def test_further_texts_are_there_from_the_next_batch_on() -> None:
    loop = begun()
    loop.act("query")

    loop.grow("g", size=10, from_batch=0)

    assert [pool_at(loop.state, batch).size for batch in (0, 1, 9)] == [40, 50, 50]
    assert pool_for_next(loop.state).version == "g"
    assert [snapshot.digest for snapshot in snapshots(loop.state)] == ["d", "g"]
    assert pool_of_version(loop.state, "d").size == 40


def test_texts_added_for_a_later_batch_hold_up_those_that_follow_them() -> None:
    loop = begun()
    loop.grow("g", size=10, from_batch=4)
    loop.grow("h", size=5, from_batch=0)

    assert [pool_at(loop.state, batch).size for batch in (0, 3, 4)] == [40, 40, 55], "no hole before them"


def test_texts_for_a_later_batch_leave_a_pick_as_it_is() -> None:
    loop = begun()
    work = next_batch(loop.state)
    assert work is not None

    for number in range(3):
        loop.grow(f"g{number}", size=10, from_batch=loop.state.numbered + 1)

    assert still_due(loop.state, work)
    loop.append(loop.pick(work), work.cause)
    assert loop.state.batches["0"].queried.pool_version == "d"
    assert pool_for_next(loop.state).size == 70


def test_texts_for_a_later_batch_are_there_at_once_if_the_next_one_has_no_other_texts() -> None:
    loop = run_out()
    batches = loop.state.numbered

    loop.grow("g", size=2, from_batch=batches + 1)
    loop.grow("h", size=2, from_batch=batches + 7)

    assert not finished(loop.state)
    assert [growth.from_batch for growth in loop.state.grown] == [batches, batches + 7]
    loop.finish()
    assert sorted(item for batch in loop.state.batches for item in items_of(loop, batch)) == list(range(11))
    assert pool_for_learned(loop.state, {str(batches): 0}).version == "g"
    assert halt_of(loop) is None


def test_picks_go_on_while_texts_come_all_the_time() -> None:
    loop = begun(pool=9, batch_size=3, max_batches=None)
    for number in range(20):
        work = next_batch(loop.state)
        loop.grow(f"g{number}", size=3, from_batch=loop.state.numbered + (work is not None))
        if work is not None:
            assert still_due(loop.state, work)
            loop.append(loop.pick(work), work.cause)
        loop.act(f"answer {loop.state.annotated}")
        if next_model(loop.state) is not None:
            loop.act("train")

    loop.finish()

    asked = sorted(item for batch in loop.state.batches for item in items_of(loop, batch))
    assert asked == list(range(69)), "each once"
    assert halt_of(loop) is None


def test_how_far_a_topic_was_read_is_what_was_said_last() -> None:
    loop = begun()
    loop.grow("g", topic=TopicRead(topic="mail", cluster="a", offsets=(7, 0, 3)))
    loop.grow("h")
    loop.grow("i", topic=TopicRead(topic="mail", cluster="b", offsets=(1,)))
    loop.grow("j", topic=TopicRead(topic="mail", cluster="a", offsets=(4, 2)))
    loop.grow("k", after="d", topic=TopicRead(topic="mail", cluster="a", offsets=(99,)))

    assert offsets_read(loop.state, "a", "mail") == (4, 2, 3), "it was made anew, or read by two"
    assert offsets_read(loop.state, "b", "mail") == (1,)
    assert offsets_read(loop.state, "a", "chat") == ()


def test_the_same_texts_again_and_texts_for_another_pool_change_nothing() -> None:
    loop = begun()
    loop.grow("g")
    before = loop.state.grown

    loop.grow("h", after="d")
    loop.grow("g", after="g")
    loop.grow("d")

    assert loop.state.grown == before


def test_a_training_looks_at_the_pool_of_the_newest_batch_that_it_learns() -> None:
    loop = begun(max_batches=4)
    loop.act("query")
    loop.act("query")
    loop.grow("g")

    assert [
        pool_for_learned(loop.state, learned).version for learned in ({"0": 0, "1": 0}, {"0": 0, "2": 1})
    ] == [
        "d",
        "g",
    ]
    assert pool_for_learned(loop.state, {"relabel-1": 0}).version == "d"


@pytest.mark.parametrize("lookahead", [0, 1, 2])
def test_a_project_that_had_run_out_of_texts_goes_on_with_the_next_batch(lookahead: int) -> None:
    loop = run_out(lookahead)
    batches = loop.state.numbered
    assert finished(loop.state)

    loop.grow("g", size=4)

    assert remaining(loop.state) == 4
    assert (work := next_batch(loop.state)) is not None
    assert (work.batch, work.size) == (str(batches), 3)
    loop.finish()
    assert sorted(item for batch in loop.state.batches for item in items_of(loop, batch)) == list(range(11))
    assert halt_of(loop) is None


def test_numbering_goes_on_after_a_final_model() -> None:
    loop = run_out()
    batch = loop.state.batches["1"]
    loop.answer(batch, {pick.item: ("spam",) for pick in batch.queried.items})
    loop.finish()
    assert loop.state.latest_model == "final-1"

    loop.grow("g", size=3)
    loop.finish()

    names = list(loop.state.models)
    assert names[names.index("final-1") + 1 :] == ["3"]
    assert loop.state.models["3"].learned == {"0": 0, "1": 1, "2": 0, "3": 0}
    assert halt_of(loop) is None


def test_a_project_that_has_all_its_batches_asks_for_no_more() -> None:
    loop = begun(max_batches=2, batch_size=3)
    loop.finish()

    loop.grow("g")

    assert finished(loop.state)
    assert remaining(loop.state) == 39


def test_a_pick_that_was_begun_without_the_further_texts_is_dropped() -> None:
    loop = begun()
    work = next_batch(loop.state)
    assert work == NextBatch("0", None, 3, loop.events[0].id), "as it was before pools grew"
    assert still_due(loop.state, work)

    loop.grow("g")

    assert not still_due(loop.state, work)
    assert due_batch(loop) == ("0", None)


def test_a_pick_and_further_texts_may_meet_in_the_log() -> None:
    loop = begun()
    work = next_batch(loop.state)
    assert work is not None
    begun_before = loop.picked(work)

    loop.grow("g")
    loop.grow("h")
    for data in begun_before:
        loop.append(data, work.cause)

    assert loop.state.batches["0"].queried.pool_version == "d"
    assert halt_of(loop) is None


@pytest.mark.parametrize(
    "change", [{"pool_version": "other"}, {"pool_version": "d"}], ids=["never there", "long past"]
)
def test_a_pick_from_another_pool_is_found(change: dict[str, str]) -> None:
    loop = begun()
    loop.grow("g")
    loop.act("query")
    work = next_batch(loop.state)
    assert work is not None
    loop.append(replaced(loop.pick(work), **change), work.cause)

    assert "it was picked from another pool" in str(halt_of(loop))


def test_a_pick_has_no_text_that_came_after_its_pool() -> None:
    loop = begun()
    loop.grow("g", size=10)
    work = next_batch(loop.state)
    assert work is not None
    picked = loop.pick(work)
    beyond = (replaced(picked.items[0], item=45),)
    loop.append(replaced(picked, pool_version="d", items=beyond), work.cause)

    assert "one that the pool does not have" in str(halt_of(loop))


def test_people_can_be_asked_again_for_further_texts() -> None:
    loop = Loop(project(pool=3, max_batches=None, lookahead=0), mixed)
    loop.finish()
    loop.grow("g", size=3)
    loop.finish()
    item = max(items_of(loop, "1"))

    loop.append(e.RelabelRequested(request="1", who="ada", items=(item,)), loop.state.latest_id)
    loop.finish()

    assert item >= 3
    assert items_of(loop, "relabel-1") == [item]
    assert halt_of(loop) is None


def test_a_project_can_begin_with_a_pool_that_had_grown() -> None:
    loop = begun(pool=3)
    loop.grow("g", size=4)
    grown = pool_of(loop.state).snapshots[1:]

    other = Loop(project(pool=3, max_batches=None), mixed, grown=grown)
    other.finish()

    assert pool_at(other.state, 0).size == 7
    assert next_model(other.state) is None
    assert remaining(other.state) == 0
    assert halt_of(other) is None
