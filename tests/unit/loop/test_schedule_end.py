"""What is due at the end of a project: after its last batch, an end, or a later change."""

import pytest

from labelloop.loop.labels import current, ignored_at
from labelloop.loop.pools import remaining
from labelloop.loop.schedule import (
    NextModel,
    finished,
    next_model,
)
from schemas import events as e
from schemas.model import replaced
from tests.support.loops import Answers, one
from tests.support.schedules import answer_all, at_the_end, begun, due_batch, due_model, items_of


def test_at_the_end_a_revision_makes_a_final_model_due_and_not_a_passed_one() -> None:
    loop = begun(max_batches=2, batch_size=2, lookahead=1)
    loop.act("query")
    loop.act("query")
    answer_all(loop, "0", "ham")
    answer_all(loop, "1", "spam")
    loop.act("train")
    assert finished(loop.state)

    answer_all(loop, "0", "ham", "spam")

    learned = {"0": 1, "1": 0}
    assert next_model(loop.state) == NextModel("final-1", 0, learned, loop.events[-1].id)


def test_one_class_for_ever_ends_without_a_model() -> None:
    loop = begun(gold=one, max_batches=4)

    loop.finish()

    assert loop.state.numbered == 4
    assert not loop.state.models
    assert all(batch.queried.model is None for batch in loop.state.batches.values())


def test_the_last_batch_may_be_smaller_and_an_empty_pool_ends_the_loop() -> None:
    loop = begun(pool=10, batch_size=4, max_batches=None)

    loop.finish()

    assert [len(items_of(loop, name)) for name in loop.state.batches] == [4, 4, 2]
    assert remaining(loop.state) == 0
    assert list(loop.state.models) == ["0", "1", "2"]


def test_a_revision_is_learned_by_the_next_model() -> None:
    loop = begun(lookahead=0, batch_size=4)
    for act in ("query", "answer 0", "train", "query"):
        loop.act(act)

    answer_all(loop, "0", "spam", "ham")
    loop.act("answer 1")

    work = next_model(loop.state)
    assert work is not None
    assert (work.model, work.learned) == ("1", {"0": 1, "1": 0})
    assert work.cause == loop.events[-1].id


def test_after_the_last_batch_a_changed_label_makes_a_final_model_due() -> None:
    loop = at_the_end()

    answer_all(loop, "0", "spam")

    work = NextModel("final-1", 0, {"0": 1, "1": 0}, loop.events[-1].id)
    assert next_model(loop.state) == work
    assert not finished(loop.state)
    loop.act("train")
    assert finished(loop.state)


def test_each_further_change_makes_a_further_final_model() -> None:
    loop = at_the_end()
    answer_all(loop, "0", "spam")
    loop.finish()

    answer_all(loop, "1", "spam", "ham")

    assert due_model(loop) == "final-2"


@pytest.mark.parametrize("taken_back", [None, ()])
def test_a_label_taken_back_after_the_last_batch_is_learned_too(taken_back: tuple[str, ...] | None) -> None:
    loop = at_the_end()
    answers: dict[int, tuple[str, ...] | None] = {
        answer.item: answer.labels or None for answer in loop.state.batches["0"].revisions[-1].items
    }
    item = next(item for item, labels in answers.items() if labels)
    answers[item] = taken_back

    loop.answer(loop.state.batches["0"], answers)

    work = next_model(loop.state)
    assert work is not None
    assert work.model == "final-1"
    assert item not in current(loop.state)
    assert item in ignored_at(loop.state, work.learned)


def test_a_revision_that_changes_no_label_makes_nothing_due() -> None:
    loop = at_the_end()
    again = loop.state.batches["0"].revisions[-1]

    loop.append(replaced(again, revision=1))

    assert finished(loop.state)


def test_a_label_changed_back_makes_the_final_model_needless() -> None:
    loop = at_the_end()
    answer_all(loop, "0", "spam")
    assert due_model(loop) == "final-1"

    loop.answer(loop.state.batches["0"])

    assert finished(loop.state)


def test_an_end_stops_picks_and_learns_what_is_labelled_once_more() -> None:
    loop = begun(lookahead=1, batch_size=4)
    for act in ("query", "query", "answer 0", "train"):
        loop.act(act)

    loop.append(e.ProjectEnded(request="1", who="ada"))

    assert due_batch(loop) is None
    assert due_model(loop) is None
    labels: Answers = {items_of(loop, "1")[0]: ("ham",)}
    loop.answer(loop.state.batches["1"], labels)
    assert due_model(loop) == "final-1"
    loop.act("train")
    assert finished(loop.state)


def test_after_an_end_the_numbered_models_are_left_out() -> None:
    loop = begun(lookahead=1, batch_size=4)
    for act in ("query", "query", "answer 0", "answer 1"):
        loop.act(act)

    loop.append(e.ProjectEnded(request="1", who="ada"))

    assert due_model(loop) == "final-1"


def test_an_end_before_any_label_is_an_end() -> None:
    loop = begun()
    loop.append(e.ProjectEnded(request="1", who="ada"))

    assert finished(loop.state)
