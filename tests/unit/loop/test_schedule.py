"""The order of work by example: cold starts, skipped models, ends, final models, losses."""

from collections.abc import Callable

import pytest

from labelloop.loop.history import History
from labelloop.loop.labels import current, ignored_at, latest_revisions
from labelloop.loop.schedule import (
    NextBatch,
    NextModel,
    finished,
    next_batch,
    next_model,
    open_batches,
    remaining,
)
from labelloop.projects.catalog import created
from labelloop.projects.initial_batches import copied, imported
from schemas import events as e
from schemas.model import replaced
from tests.support.loops import PROJECT, Answers, Loop, mixed, one, project


def begun(gold: Callable[[int], str | None] = mixed, **options: int | None) -> Loop:
    return Loop(project(**options), gold)  # type: ignore[arg-type]


def items_of(loop: Loop, batch: str) -> list[int]:
    return [pick.item for pick in loop.state.batches[batch].queried.items]


def answer_all(loop: Loop, batch: str, *labels: str) -> None:
    """The batch's texts get these labels in turn."""
    items = items_of(loop, batch)
    loop.answer(
        loop.state.batches[batch],
        {item: (labels[position % len(labels)],) for position, item in enumerate(items)},
    )


def due_batch(loop: Loop) -> tuple[str, str | None] | None:
    work = next_batch(loop.state)
    return None if work is None else (work.batch, work.model)


def due_model(loop: Loop) -> str | None:
    work = next_model(loop.state)
    return None if work is None else work.model


def at_the_end(lookahead: int = 0) -> Loop:
    loop = begun(max_batches=2, batch_size=4, lookahead=lookahead)
    loop.finish()
    return loop


@pytest.mark.parametrize("lookahead", [0, 1, 3])
def test_the_cold_start_is_due_at_once_and_then_no_more(lookahead: int) -> None:
    loop = begun(lookahead=lookahead)

    for number in range(lookahead + 1):
        created = loop.events[0].id
        assert next_batch(loop.state) == NextBatch(str(number), None, loop.created.batch_size, created)
        loop.act("query")

    assert next_batch(loop.state) is None
    assert next_model(loop.state) is None


def test_with_lookahead_people_label_a_batch_while_the_machine_learns_the_one_before() -> None:
    loop = begun(lookahead=1)
    for act in ("query", "query", "answer 0", "train"):
        loop.act(act)

    assert due_batch(loop) == ("2", "0")
    assert [batch.name for batch in open_batches(loop.state)] == ["1"]


def test_without_lookahead_each_batch_waits_for_the_model_before() -> None:
    loop = begun(lookahead=0)
    loop.act("query")
    assert due_batch(loop) is None
    loop.act("answer 0")
    assert due_batch(loop) is None

    loop.act("train")

    assert due_batch(loop) == ("1", "0")


def test_a_model_waits_for_all_batches_up_to_its_number() -> None:
    loop = begun(lookahead=1)
    for act in ("query", "query", "answer 1"):
        loop.act(act)

    assert due_model(loop) is None


def test_one_class_alone_skips_the_model_and_draws_another_cold_start() -> None:
    loop = begun(lookahead=1, batch_size=2)
    loop.act("query")
    loop.act("query")

    answer_all(loop, "0", "ham")

    assert due_model(loop) is None
    assert due_batch(loop) == ("2", None)
    assert next_batch(loop.state).cause == loop.events[-1].id  # type: ignore[union-attr]


def test_a_skipped_model_stays_skipped_once_its_batch_is_in_the_log() -> None:
    loop = begun(lookahead=1, batch_size=2)
    loop.act("query")
    loop.act("query")
    answer_all(loop, "0", "ham")
    loop.act("query")

    answer_all(loop, "0", "ham", "spam")

    assert loop.state.skipped == {0}
    assert due_model(loop) is None
    answer_all(loop, "1", "ham")
    assert due_model(loop) == "1"


def test_a_model_is_due_again_when_its_batch_is_not_in_the_log_yet() -> None:
    loop = begun(lookahead=1, batch_size=2)
    loop.act("query")
    loop.act("query")
    answer_all(loop, "0", "ham")

    answer_all(loop, "0", "ham", "spam")

    assert due_model(loop) == "0"
    assert due_batch(loop) is None


def test_a_model_that_was_passed_is_not_trained_later_and_holds_nothing_up() -> None:
    loop = begun(lookahead=1, batch_size=2)
    loop.act("query")
    loop.act("query")
    answer_all(loop, "0", "ham")
    answer_all(loop, "1", "spam")
    loop.act("train")
    assert list(loop.state.models) == ["1"]

    answer_all(loop, "0", "ham", "spam")

    assert due_model(loop) is None
    assert due_batch(loop) == ("2", None)
    loop.finish()


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


def test_a_pause_stops_picks_and_no_training() -> None:
    loop = begun(lookahead=1)
    loop.act("query")
    loop.append(e.ProjectPaused(request="1", who="ada"))
    loop.act("answer 0")

    assert due_batch(loop) is None
    assert due_model(loop) == "0"
    assert not finished(loop.state)

    loop.append(e.ProjectResumed(request="2", who="ada"))
    assert due_batch(loop) == ("1", None)


def test_the_undecided_texts_of_a_closed_batch_go_back_to_the_pool() -> None:
    loop = begun(pool=4, batch_size=4, max_batches=None, lookahead=0)
    loop.act("query")
    first, second, *undecided = items_of(loop, "0")
    loop.append(e.BatchClosed(request="1", who="ada", batch="0"))
    assert remaining(loop.state) == 0

    loop.answer(loop.state.batches["0"], {first: ("ham",), second: ("spam",)})

    assert remaining(loop.state) == 2
    loop.act("train")
    assert next_batch(loop.state).size == 2  # type: ignore[union-attr]
    loop.act("query")
    assert sorted(items_of(loop, "1")) == sorted(undecided)


def test_a_text_that_was_labelled_when_asked_again_is_not_ignored() -> None:
    loop = begun(pool=2, batch_size=2, max_batches=None, lookahead=0)
    loop.act("query")
    loop.append(e.BatchClosed(request="1", who="ada", batch="0"))
    loop.answer(loop.state.batches["0"], {})
    loop.act("query")
    item = items_of(loop, "1")[0]
    loop.answer(loop.state.batches["0"], {item: None})
    answer_all(loop, "1", "ham")

    assert ignored_at(loop.state, latest_revisions(loop.state, ["0", "1"])) == ()


def test_a_lost_model_is_trained_again_as_it_was_and_holds_its_batch_up() -> None:
    loop = begun(lookahead=0, batch_size=4)
    for act in ("query", "answer 0", "train"):
        loop.act(act)
    answer_all(loop, "0", "spam", "ham")

    lost = loop.append(e.ModelLost(model="0", attempt=0, reason="gone"))

    assert next_model(loop.state) == NextModel("0", 1, {"0": 0}, lost.id)
    assert due_batch(loop) is None
    loop.act("train")
    assert due_batch(loop) == ("1", "0")
    assert loop.state.latest_model == "0"


def test_a_late_word_of_a_loss_that_was_made_good_changes_nothing() -> None:
    loop = begun(lookahead=0, batch_size=4)
    for act in ("query", "answer 0", "train"):
        loop.act(act)
    loop.append(e.ModelLost(model="0", attempt=0, reason="gone"))
    loop.act("train")

    assert not loop.history.add(loop.events[-2])
    assert due_model(loop) is None


def test_answers_of_an_open_batch_are_kept_until_it_is_done() -> None:
    loop = begun()
    loop.act("query")
    loop.answer_partly(loop.state.batches["0"], 0)
    batch = loop.state.batches["0"]
    assert [answer.item for answer in batch.answers] == items_of(loop, "0")[:1]

    loop.act("answer 0")

    assert [answer.item for answer in loop.state.batches["0"].answers] == items_of(loop, "0")


def test_what_is_given_is_learned_at_once_and_its_model_picks_the_first_batches() -> None:
    given = imported({item: (str(mixed(item)),) for item in (0, 1, 2, 3, 4)})
    loop = Loop(project(lookahead=1), mixed, given)

    assert (due_batch(loop), due_model(loop)) == (None, "0")
    loop.act("train")
    assert due_batch(loop) == ("1", "0")
    loop.act("query")
    assert due_batch(loop) == ("2", "0")
    loop.act("query")
    assert due_batch(loop) is None

    loop.finish()

    picked_by = {name: batch.queried.model for name, batch in loop.state.batches.items()}
    assert picked_by == {"0": None, "1": "0", "2": "0", "3": "1", "4": "2", "5": "3"}
    assert not {0, 1, 2, 3, 4} & {item for name in "12345" for item in items_of(loop, name)}


def test_of_several_given_batches_only_the_last_has_a_model() -> None:
    other = at_the_end()
    loop = Loop(project(max_batches=4), mixed, copied(other.state, 2))

    loop.finish()

    assert [name for name in loop.state.models if name.isdigit()] == ["1", "2", "3"]
    assert loop.state.models["1"].learned == {"0": 0, "1": 0}


def test_what_is_given_of_one_class_makes_the_next_batches_cold_starts() -> None:
    loop = Loop(project(), mixed, imported({0: ("ham",), 2: ("ham",)}))

    assert (due_batch(loop), due_model(loop)) == (("1", None), None)


def test_nothing_is_due_while_what_is_given_has_not_arrived() -> None:
    loop = Loop(project(), mixed, imported({item: (str(mixed(item)),) for item in range(4)}))
    history = History(PROJECT)

    for event in loop.events[:2]:
        history.add(event)
        assert (next_batch(created(history)), next_model(created(history))) == (None, None)
