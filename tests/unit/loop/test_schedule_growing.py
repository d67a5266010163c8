"""The order of work where the lookahead grows: nobody waits for a training, and no training is for nobody."""

from typing import Any

from labelloop.loop.schedule import MOST_AHEAD, next_batch, still_due
from schemas import events as e
from tests.support.loops import Loop, mixed, one, project
from tests.support.schedules import answer_all, begun, due_batch, due_model


def growing(**options: Any) -> Loop:
    return Loop(project(lookahead="auto", **options), mixed)


def hurried(loop: Loop, batch: str) -> None:
    """The batch is answered in seconds."""
    loop.minutes -= 1
    answer_all(loop, batch, "ham", "spam")


def pick(loop: Loop) -> None:
    """The next batch is picked by the model that was chosen before, and answered."""
    work = next_batch(loop.state)
    assert work is not None
    loop.append(loop.pick(work), work.cause)
    loop.act(f"answer {work.batch}")


def at_the_third_batch(**options: int | None) -> Loop:
    """Batch 2 is picked by model 0, batches 0 and 1 are done, and nothing has happened since."""
    loop = growing(pool=400, max_batches=None, **options)
    for act in ("query", "query", "answer 0", "train", "query", "answer 1"):
        loop.act(act)
    return loop


def test_it_begins_like_a_lookahead_of_1() -> None:
    grown, fixed = growing(), begun(lookahead=1)

    for loop in (grown, fixed):
        for act in ("query", "query", "answer 0", "train", "query"):
            loop.act(act)

    assert due_batch(grown) is due_batch(fixed) is None
    picks = [[pick.item for pick in batch.queried.items] for batch in grown.state.batches.values()]
    assert picks == [[pick.item for pick in batch.queried.items] for batch in fixed.state.batches.values()]


def test_people_who_are_slow_get_the_batches_of_a_lookahead_of_1() -> None:
    loop = at_the_third_batch()

    assert due_batch(loop) is None, "model 1 has time"
    loop.act("train")

    assert due_batch(loop) == ("3", "1")


def test_people_who_are_fast_get_one_more_batch_from_the_newest_model() -> None:
    loop = at_the_third_batch()

    hurried(loop, "2")

    assert due_batch(loop) == ("3", "0")
    loop.act("query")
    assert loop.state.chosen["3"].model == "0"
    assert loop.state.batches["3"].queried.model == "0"


def test_the_next_model_learns_all_that_is_done_and_the_ones_between_are_passed_over() -> None:
    loop = at_the_third_batch()
    hurried(loop, "2")
    loop.act("query")
    hurried(loop, "3")

    assert due_model(loop) == "3"
    loop.act("train")

    assert loop.state.skipped == {1, 2}
    assert list(loop.state.models) == ["0", "3"]
    assert due_batch(loop) == ("4", "3")


def test_a_newer_model_than_is_needed_picks() -> None:
    loop = at_the_third_batch()
    answer_all(loop, "2", "ham", "spam")
    assert due_model(loop) == "2"
    loop.act("train")

    assert due_batch(loop) == ("3", "2")


def test_there_is_an_end_to_haste() -> None:
    loop = at_the_third_batch()
    for number in range(2, 2 + MOST_AHEAD + 5):
        hurried(loop, str(number))
        if due_batch(loop) is None:
            break
        loop.act("query")

    newest = max(int(name) for name in loop.state.batches)
    assert newest - int(max(loop.state.models)) - 1 == MOST_AHEAD
    assert due_batch(loop) is None
    loop.act("train")
    assert due_batch(loop) is not None


def test_what_was_begun_holds_when_a_newer_model_comes_or_people_rest() -> None:
    loop = at_the_third_batch()
    hurried(loop, "2")
    begun_pick = next_batch(loop.state)
    assert begun_pick is not None

    loop.act("train")

    assert next_batch(loop.state) != begun_pick
    assert still_due(loop.state, begun_pick)


def test_what_was_begun_is_dropped_when_it_is_not_the_next_batch() -> None:
    loop = at_the_third_batch()
    hurried(loop, "2")
    begun_pick = next_batch(loop.state)
    assert begun_pick is not None

    paused = loop.state
    loop.append(e.ProjectPaused(request="1", who="ann"))
    assert not still_due(loop.state, begun_pick)
    loop.append(e.ProjectResumed(request="2", who="ann"))
    assert still_due(loop.state, begun_pick)
    loop.act("query")

    assert not still_due(loop.state, begun_pick)
    assert paused.numbered == loop.state.numbered - 1


def test_a_model_that_is_lost_is_waited_for() -> None:
    loop = at_the_third_batch()
    hurried(loop, "2")
    loop.append(e.ModelLost(model="0", attempt=0, reason="its folder is gone"))

    assert due_batch(loop) is None
    assert due_model(loop) == "0"


def test_without_two_classes_the_next_batch_is_drawn_as_before() -> None:
    loop = Loop(project(lookahead="auto"), one)
    for act in ("query", "query", "answer 0"):
        loop.act(act)

    assert due_model(loop) is None
    assert due_batch(loop) == ("2", None)


def test_no_model_is_trained_before_the_one_that_first_picks() -> None:
    loop = growing(pool=800, batch_size=10, max_batches=None, cold_start="typical")
    for _ in range(4):
        loop.act("query")
    assert next_batch(loop.state) is None, "forty texts are typical ones"

    for number in (0, 1):
        loop.act(f"answer {number}")
        assert due_model(loop) is None
    loop.act("answer 2")

    assert due_model(loop) == "2"


def test_a_project_that_ends_before_a_model_picks_has_a_model() -> None:
    loop = growing(pool=800, batch_size=10, max_batches=2, cold_start="typical")

    loop.finish()

    assert loop.state.latest_model == "1"


def test_recorded_choices_are_followed_whatever_the_times() -> None:
    loop = Loop(project(lookahead="auto", pool=400), mixed)
    for batch, model in (("2", "0"), ("3", "0"), ("4", "3")):
        loop.append(e.LookaheadChosen(batch=batch, model=model, waiting=0, expected=0.0))
    for act in ("query", "query", "answer 0", "answer 1"):
        loop.act(act)

    assert due_model(loop) == "0", "batch 2 waits for it"
    loop.act("train")
    pick(loop)
    assert due_batch(loop) == ("3", "0")
    pick(loop)
    assert (due_batch(loop), due_model(loop)) == (None, "3")
    loop.act("train")
    assert due_batch(loop) == ("4", "3")
