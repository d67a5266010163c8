"""The order of work by example: cold starts, skipped models, ends, final models, losses."""

import pytest

from labelloop.loop.labels import asked_items, ignored_at, latest_revisions
from labelloop.loop.pools import remaining
from labelloop.loop.schedule import (
    NextBatch,
    NextModel,
    finished,
    first_texts,
    next_batch,
    next_model,
    open_batches,
    picking_model,
)
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Snapshot
from tests.support.schedules import answer_all, begun, due_batch, due_model, items_of
from tests.support.states import project


def pool_of(size: int) -> Snapshot:
    return Snapshot(uri="mail/pool/x.arrow", digest="d", size=size)


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


def test_what_is_due_is_found_without_the_texts_of_batches_while_the_pool_has_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = begun(pool=9, batch_size=4, max_batches=None, lookahead=0)
    for act in ("query", "answer 0", "train"):
        loop.act(act)
    looked: list[int] = []

    def noted(state: LoopState) -> frozenset[int]:
        looked.append(state.length)
        return asked_items(state)

    monkeypatch.setattr("labelloop.loop.pools.asked_items", noted)

    assert (due_batch(loop), due_model(loop), looked) == (("1", "0"), None, [])

    loop.act("query")
    looked.clear()
    assert (remaining(loop.state, 1), looked) == (1, [])
    assert remaining(loop.state, 4) == remaining(loop.state) == 1
    assert looked


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


@pytest.mark.parametrize(
    ("labels", "pool", "texts"),
    [(6, 5000, 40), (77, 10_000, 154), (77, 1000, 50), (2, 100, 5), (2, 19, 0)],
)
def test_a_typical_start_goes_on_until_all_labels_can_have_been_met(
    labels: int, pool: int, texts: int
) -> None:
    made = project(cold_start="typical", labels=tuple(map(str, range(labels))), pool=pool_of(pool))

    assert first_texts(made) == texts
    assert first_texts(replaced(made, cold_start="random")) == 0


def test_no_model_picks_before_a_typical_start_is_over() -> None:
    made = project(cold_start="typical", lookahead=0, batch_size=15, pool=pool_of(5000))

    assert [picking_model(made, batch) for batch in range(5)] == [-1, -1, -1, 2, 3]
    assert [picking_model(replaced(made, given=2), batch) for batch in range(5)] == [-1, -1, 1, 2, 3]
