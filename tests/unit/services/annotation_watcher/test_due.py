"""Which events a look at a batch makes due."""

from datetime import timedelta

from labelloop.loop.gold_texts import FIRST
from labelloop.loop.pace import RECORD_EVERY
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.runtime.controller import Outcome
from schemas import events as e
from schemas.fields import UNSAID
from schemas.model import replaced
from schemas.parts import GoldItem, Vote
from tests.support.looks import ANN_HAM, ANN_SPAM, BOB_HAM, closed, everything, kinds, look, seen_records
from tests.support.states import (
    START,
    annotated,
    answered,
    machine,
    project,
    queried,
    recorded,
    state_of,
    suggester,
    suggestions,
    vote,
    votes,
)


def test_nothing_is_due_while_nobody_answers() -> None:
    assert look(queried(), sees={}) == []
    assert look(queried(), sees=seen_records()) == []


def test_the_first_answers_are_recorded_at_once_with_the_record_they_stand_on() -> None:
    (outcome,) = look(queried(), sees=seen_records(ANN_SPAM))

    assert outcome.data == recorded(votes(0, ANN_SPAM))
    assert outcome.cause == state_of(project(), queried()).batches["0"].queried_id


def test_drafts_are_recorded_and_decide_nothing() -> None:
    draft = vote("ann", "spam", "draft")
    full = {**everything(None, "ham", "news"), **seen_records(draft)}

    (outcome,) = look(queried(), sees=full)

    assert isinstance(outcome.data, e.ResponsesRecorded)
    assert outcome.data.items[0].votes == (draft,)


def test_answers_are_recorded_again_after_ten_seconds_if_they_changed() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM)))
    at = START + timedelta(minutes=2)
    soon, then = at + RECORD_EVERY - timedelta(seconds=0.1), at + RECORD_EVERY
    both = {**seen_records(ANN_SPAM), **seen_records(BOB_HAM, item=1)}

    assert look(*told, sees=both, at=soon) == []
    assert look(*told, sees=seen_records(ANN_SPAM), at=then) == []
    (outcome,) = look(*told, sees=both, at=then)
    assert outcome.data == recorded(votes(0, ANN_SPAM), votes(1, BOB_HAM), number=1)


def test_a_clock_that_was_set_back_stops_no_recording() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM)))

    assert kinds(look(*told, sees=seen_records(ANN_HAM), at=START - timedelta(days=1))) == [
        "ResponsesRecorded"
    ]


def test_an_open_batchs_answer_that_was_taken_back_is_recorded_as_absent() -> None:
    (outcome,) = look(queried(), recorded(votes(0, ANN_SPAM), votes(1, BOB_HAM)), sees=seen_records())

    assert outcome.data == recorded(votes(1, BOB_HAM), number=1)


def test_a_batch_is_done_with_its_last_answer() -> None:
    (outcome,) = look(queried(), sees=everything("spam", "ham", None))

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.revision == 0
    assert [(item.labels, item.discarded) for item in outcome.data.items] == [
        (("spam",), False),
        (("ham",), False),
        ((), True),
    ]
    assert (outcome.data.opened, outcome.data.agreement) == (START, None)


def test_a_batch_opened_when_its_first_record_came() -> None:
    sees = {**everything("spam", "ham", "news"), **seen_records(ANN_SPAM, item=0, minute=3)}
    sees[1] = seen_records(ANN_SPAM, item=1, minute=2)[1]
    sees[2] = seen_records(ANN_SPAM, item=2, minute=9)[2]

    (outcome,) = look(queried(), sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.opened == START + timedelta(minutes=2)


def test_the_agreement_of_a_batch_is_the_mean_over_texts_with_two_votes() -> None:
    sees = {**everything("spam", "spam", "spam"), 1: seen_records(ANN_SPAM, BOB_HAM, item=1)[1]}
    sees[2] = seen_records(ANN_HAM, BOB_HAM, item=2)[2]

    (outcome,) = look(queried(), sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.agreement == (0.5 + 1.0) / 2


def test_answers_recorded_earlier_count_though_the_server_lost_them() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM), votes(1, ANN_HAM)))

    (outcome,) = look(*told, sees=seen_records(ANN_SPAM, item=2))

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("spam",), ("ham",), ("spam",)]


def test_two_annotators_are_waited_for_where_two_are_asked() -> None:
    one = everything("spam", "ham", "news")
    two = {item: seen_records(*now.votes, BOB_HAM, item=item)[item] for item, now in one.items()}

    assert kinds(look(queried(), sees=one, min_submitted=2)) == ["ResponsesRecorded"]
    assert kinds(look(queried(), sees=two, min_submitted=2)) == ["BatchAnnotated"]


def test_a_closed_batch_is_done_with_what_is_decided() -> None:
    state = state_of(project(), queried(), closed())

    outcomes = look(
        queried(),
        closed(),
        sees={**seen_records(ANN_SPAM), **seen_records(vote("bob", "ham", "draft"), item=1)},
    )

    assert kinds(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]
    assert outcomes[0].data == recorded(votes(0, ANN_SPAM), votes(1, vote("bob", "ham", "draft")))
    assert isinstance(outcomes[1].data, e.BatchAnnotated)
    assert [item.item for item in outcomes[1].data.items] == [0]
    assert outcomes[1].cause == state.batches["0"].closed


def test_a_batch_closed_without_an_answer_is_done_and_empty() -> None:
    (outcome,) = look(queried(), closed(), sees={})

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.items, outcome.data.opened) == ((), None)


def test_closing_waits_for_no_ten_seconds() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM)), closed())
    sees = {**seen_records(ANN_SPAM), **seen_records(BOB_HAM, item=1)}

    outcomes = look(*told, sees=sees, at=START + timedelta(minutes=3))

    assert kinds(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]


def test_an_ended_projects_open_batches_are_done_with_what_is_decided() -> None:
    ended = e.ProjectEnded(request="1", who="ann")
    state = state_of(project(), queried(), ended)

    outcomes = look(queried(), ended, sees=seen_records(ANN_SPAM))

    assert kinds(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]
    assert outcomes[1].cause == state.ended


def test_a_paused_projects_batch_goes_on() -> None:
    paused = e.ProjectPaused(request="1", who="ann")

    assert kinds(look(queried(), paused, sees=everything("spam", "ham", "news"))) == ["BatchAnnotated"]


def test_a_relabel_batch_takes_as_many_annotators_as_any_other() -> None:
    both = (answered(0, ANN_SPAM, BOB_HAM), answered(1, ANN_SPAM, BOB_HAM), answered(2, ANN_SPAM, BOB_HAM))
    request = e.RelabelRequested(request="1", who="ann", items=(0,))
    told = (queried(), annotated(*both), request, queried("relabel-1", (0,)))

    def again(*given: Vote) -> list[Outcome]:
        return look(*told, sees=seen_records(*given), batch="relabel-1", min_submitted=2)

    assert kinds(again(ANN_HAM)) == ["ResponsesRecorded"]
    (outcome,) = again(ANN_HAM, BOB_HAM)
    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.batch, outcome.data.agreement) == ("relabel-1", 1.0)
    assert [answer.labels for answer in outcome.data.items] == [("ham",)]


def test_the_vote_of_a_machine_is_recorded_with_those_of_people_once_the_batch_is_done() -> None:
    told = (suggester(votes=True), queried(items=(0, 1)), suggestions(item_0="ham", item_1="ham"))

    (so_far,) = look(*told, sees=seen_records(ANN_SPAM))
    (done,) = look(*told, sees={**seen_records(ANN_SPAM), **seen_records(BOB_HAM, item=1)})

    assert so_far.data == recorded(votes(0, ANN_SPAM))
    assert isinstance(done.data, e.BatchAnnotated)
    assert [(item.labels, item.votes) for item in done.data.items] == [
        (("spam",), (ANN_SPAM, machine("ham"))),
        (("ham",), (BOB_HAM, machine("ham"))),
    ]
    assert done.data.agreement == 0.75


def test_a_machine_completes_no_text() -> None:
    told = (suggester(votes=True), queried(items=(0,)), suggestions(item_0="ham"))

    assert kinds(look(*told, sees=seen_records())) == []
    assert kinds(look(*told, sees=seen_records(ANN_SPAM), min_submitted=2)) == ["ResponsesRecorded"]


def test_only_the_texts_of_an_overlap_wait_for_a_second_person() -> None:
    picked = queried()
    first, *others = picked.items
    overlap = replaced(picked, items=(replaced(first, answers=2), *others))
    one = everything("spam", "ham", "news")
    two = {**one, **seen_records(*one[0].votes, BOB_HAM)}

    assert kinds(look(overlap, sees=one)) == ["ResponsesRecorded"]
    assert kinds(look(overlap, sees=two)) == ["BatchAnnotated"]


ROW = FIRST + 4
"""The number of the gold text where people answer."""
WITH_GOLD = queried(gold=(GoldItem(item=4, rank=1, labels=("spam",)),), gold_version="g")


def on_gold(*given: Vote) -> dict[int, SeenRecord]:
    return seen_records(*given, item=ROW)


def test_a_batch_waits_for_its_gold_texts_whose_answers_are_recorded_apart() -> None:
    (begun,) = look(WITH_GOLD, sees={**everything("spam", "ham", None), **on_gold()})
    (done,) = look(WITH_GOLD, sees={**everything("spam", "ham", None), **on_gold(ANN_HAM)})

    assert isinstance(begun.data, e.ResponsesRecorded)
    assert begun.data.gold is UNSAID
    assert isinstance(done.data, e.BatchAnnotated)
    assert [item.item for item in done.data.items] == [0, 1, 2]
    assert done.data.gold == (replaced(votes(ROW, ANN_HAM), item=4),)
    assert not state_of(project(), WITH_GOLD, done.data).batches["0"].kept_items - {0, 1, 2}


def test_answers_to_gold_texts_so_far_are_recorded_apart() -> None:
    (outcome,) = look(WITH_GOLD, sees=on_gold(ANN_HAM))

    assert outcome.data == e.ResponsesRecorded(
        batch="0", number=0, items=(), gold=(replaced(votes(ROW, ANN_HAM), item=4),)
    )
    later = START + timedelta(hours=2)
    assert look(WITH_GOLD, outcome.data, sees=on_gold(ANN_HAM), at=later) == []


def test_a_closed_batch_keeps_gold_texts_with_an_answer_alone() -> None:
    (empty,) = look(WITH_GOLD, closed(), sees=seen_records())
    answers, done = look(WITH_GOLD, closed(), sees={**seen_records(), **on_gold(ANN_SPAM)}, min_submitted=2)

    assert isinstance(empty.data, e.BatchAnnotated)
    assert isinstance(answers.data, e.ResponsesRecorded)
    assert empty.data.gold is UNSAID
    assert isinstance(done.data, e.BatchAnnotated)
    assert (done.data.items, len(done.data.gold)) == ((), 1)


def test_a_changed_answer_to_a_gold_text_is_a_revision_with_the_same_labels() -> None:
    sees = everything("spam", "ham", None)
    (done,) = look(WITH_GOLD, sees={**sees, **on_gold(ANN_HAM)})

    (revised,) = look(WITH_GOLD, done.data, sees={**sees, **on_gold(ANN_SPAM)})

    assert isinstance(done.data, e.BatchAnnotated)
    assert isinstance(revised.data, e.BatchAnnotated)
    assert (revised.data.revision, revised.data.items) == (1, done.data.items)
    assert revised.data.gold[0].votes == (ANN_SPAM,)
    again = {**sees, **on_gold(ANN_SPAM)}
    assert look(WITH_GOLD, done.data, revised.data, sees=again) == []
