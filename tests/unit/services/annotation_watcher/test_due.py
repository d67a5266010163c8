"""Which events a look at a batch makes due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from labelloop.oracle.lost_votes import SeenRecord
from labelloop.runtime.controller import Outcome
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Vote
from services.annotation_watcher.due import RECORD_EVERY, due
from tests.support.states import (
    START,
    all_answered,
    annotated,
    answered,
    project,
    queried,
    recorded,
    state_of,
    vote,
    votes,
)

USERS = {f"u-{name}": name for name in ("ann", "bob")}
ANN_SPAM, ANN_HAM, BOB_HAM = vote("ann", "spam"), vote("ann", "ham"), vote("bob", "ham")
LATER = START + timedelta(hours=1)


def seen(*given: Vote, item: int = 0, record: str | None = None, minute: int = 0) -> dict[int, SeenRecord]:
    return {item: SeenRecord(record or f"r-{item}", given, START + timedelta(minutes=minute))}


def everything(*labels: str | None) -> dict[int, SeenRecord]:
    """Ann's answers to items 0, 1, 2; None discards."""
    return {item: seen(vote("ann", label), item=item)[item] for item, label in enumerate(labels)}


def look(
    *told: e.EventData,
    sees: dict[int, SeenRecord],
    users: dict[str, str] = USERS,
    at: datetime = LATER,
    batch: str = "0",
    **settings: Any,
) -> list[Outcome]:
    state = state_of(project(**settings), *told)
    return list(due(state, state.batches[batch], sees, users, at))


def names(outcomes: list[Outcome]) -> list[str]:
    return [type(outcome.data).__name__ for outcome in outcomes]


def test_nothing_is_due_while_nobody_answers() -> None:
    assert look(queried(), sees={}) == []
    assert look(queried(), sees=seen()) == []


def test_the_first_answers_are_recorded_at_once_with_the_record_they_stand_on() -> None:
    (outcome,) = look(queried(), sees=seen(ANN_SPAM))

    assert outcome.data == recorded(votes(0, ANN_SPAM))
    assert outcome.cause == state_of(project(), queried()).batches["0"].queried_id


def test_drafts_are_recorded_and_decide_nothing() -> None:
    draft = vote("ann", "spam", "draft")
    full = {**everything(None, "ham", "news"), **seen(draft)}

    (outcome,) = look(queried(), sees=full)

    assert isinstance(outcome.data, e.ResponsesRecorded)
    assert outcome.data.items[0].votes == (draft,)


def test_answers_are_recorded_again_after_ten_seconds_if_they_changed() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM)))
    at = START + timedelta(minutes=2)
    soon, then = at + RECORD_EVERY - timedelta(seconds=0.1), at + RECORD_EVERY
    both = {**seen(ANN_SPAM), **seen(BOB_HAM, item=1)}

    assert look(*told, sees=both, at=soon) == []
    assert look(*told, sees=seen(ANN_SPAM), at=then) == []
    (outcome,) = look(*told, sees=both, at=then)
    assert outcome.data == recorded(votes(0, ANN_SPAM), votes(1, BOB_HAM), number=1)


def test_a_clock_that_was_set_back_stops_no_recording() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM)))

    assert names(look(*told, sees=seen(ANN_HAM), at=START - timedelta(days=1))) == ["ResponsesRecorded"]


def test_an_open_batchs_answer_that_was_taken_back_is_recorded_as_absent() -> None:
    (outcome,) = look(queried(), recorded(votes(0, ANN_SPAM), votes(1, BOB_HAM)), sees=seen())

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
    sees = {**everything("spam", "ham", "news"), **seen(ANN_SPAM, item=0, minute=3)}
    sees[1] = seen(ANN_SPAM, item=1, minute=2)[1]
    sees[2] = seen(ANN_SPAM, item=2, minute=9)[2]

    (outcome,) = look(queried(), sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.opened == START + timedelta(minutes=2)


def test_the_agreement_of_a_batch_is_the_mean_over_texts_with_two_votes() -> None:
    sees = {**everything("spam", "spam", "spam"), 1: seen(ANN_SPAM, BOB_HAM, item=1)[1]}
    sees[2] = seen(ANN_HAM, BOB_HAM, item=2)[2]

    (outcome,) = look(queried(), sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.agreement == (0.5 + 1.0) / 2


def test_answers_recorded_earlier_count_though_the_server_lost_them() -> None:
    told = (queried(), recorded(votes(0, ANN_SPAM), votes(1, ANN_HAM)))

    (outcome,) = look(*told, sees=seen(ANN_SPAM, item=2))

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("spam",), ("ham",), ("spam",)]


def test_two_annotators_are_waited_for_where_two_are_asked() -> None:
    one = everything("spam", "ham", "news")
    two = {item: seen(*now.votes, BOB_HAM, item=item)[item] for item, now in one.items()}

    assert names(look(queried(), sees=one, min_submitted=2)) == ["ResponsesRecorded"]
    assert names(look(queried(), sees=two, min_submitted=2)) == ["BatchAnnotated"]


def closed(batch: str = "0") -> e.BatchClosed:
    return e.BatchClosed(request="1", who="ann", batch=batch)


def test_a_closed_batch_is_done_with_what_is_decided() -> None:
    state = state_of(project(), queried(), closed())

    outcomes = look(queried(), closed(), sees={**seen(ANN_SPAM), **seen(vote("bob", "ham", "draft"), item=1)})

    assert names(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]
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
    sees = {**seen(ANN_SPAM), **seen(BOB_HAM, item=1)}

    outcomes = look(*told, sees=sees, at=START + timedelta(minutes=3))

    assert names(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]


def test_an_ended_projects_open_batches_are_done_with_what_is_decided() -> None:
    ended = e.ProjectEnded(request="1", who="ann")
    state = state_of(project(), queried(), ended)

    outcomes = look(queried(), ended, sees=seen(ANN_SPAM))

    assert names(outcomes) == ["ResponsesRecorded", "BatchAnnotated"]
    assert outcomes[1].cause == state.ended


def test_a_paused_projects_batch_goes_on() -> None:
    paused = e.ProjectPaused(request="1", who="ann")

    assert names(look(queried(), paused, sees=everything("spam", "ham", "news"))) == ["BatchAnnotated"]


DONE = annotated(answered(0, ANN_SPAM), answered(1, vote("ann", "ham")), answered(2, vote("ann", "news")))
AS_DONE = {0: seen(ANN_SPAM), 1: seen(vote("ann", "ham"), item=1), 2: seen(vote("ann", "news"), item=2)}


def sees_done(**changes: Any) -> dict[int, SeenRecord]:
    return {item: one[item] for item, one in AS_DONE.items()}


def test_a_done_batch_that_did_not_change_makes_nothing_due() -> None:
    later_time = seen(replaced(ANN_SPAM, time=LATER))

    assert look(queried(), DONE, sees=sees_done()) == []
    assert look(queried(), DONE, sees={**sees_done(), **later_time}) == []


def test_an_edit_is_a_further_revision() -> None:
    outcomes = look(queried(), DONE, sees={**sees_done(), **seen(ANN_HAM)})

    (outcome,) = outcomes
    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.revision == 1
    assert [item.labels for item in outcome.data.items] == [("ham",), ("ham",), ("news",)]
    assert outcome.cause == state_of(project(), queried(), DONE).batches["0"].revision_ids[0]


def test_a_discard_and_a_withdrawal_are_further_revisions() -> None:
    discards = look(queried(), DONE, sees={**sees_done(), **seen(vote("ann"))})
    withdraws = look(queried(), DONE, sees={**sees_done(), **seen()})
    drafts = look(queried(), DONE, sees={**sees_done(), **seen(vote("ann", "spam", "draft"))})

    found = [(o.data.items[0].labels, o.data.items[0].discarded) for (o,) in (discards, withdraws, drafts)]  # type: ignore[attr-defined]
    assert found == [((), True), ((), False), ((), False)]


def test_a_second_opinion_after_the_batch_is_a_further_revision() -> None:
    (outcome,) = look(queried(), DONE, sees={**sees_done(), **seen(ANN_SPAM, BOB_HAM)})

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.items[0].labels, outcome.data.agreement) == (("spam",), 0.5)


def test_what_the_server_lost_is_no_revision() -> None:
    done = (queried(), DONE)
    half = {1: sees_done()[1]}

    assert look(*done, sees={}) == []
    assert look(*done, sees=half) == []
    assert look(*done, sees={**sees_done(), **seen()}, users={"u-bob": "bob"}) == []
    assert look(*done, sees={**sees_done(), **seen(record="r-again")}) == []


def test_labels_on_new_records_are_a_revision_so_that_withdrawals_there_are_seen() -> None:
    moved = {**sees_done(), **seen(ANN_SPAM, record="r-again")}

    (outcome,) = look(queried(), DONE, sees=moved)
    assert isinstance(outcome.data, e.BatchAnnotated)
    revised = outcome.data

    assert revised.items[0].record == "r-again"
    assert [item.labels for item in revised.items] == [item.labels for item in DONE.items]
    assert look(queried(), DONE, revised, sees=moved) == []
    (withdrawal,) = look(queried(), DONE, revised, sees={**moved, **seen(record="r-again")})
    assert isinstance(withdrawal.data, e.BatchAnnotated)
    assert withdrawal.data.items[0].labels == ()


def put_back(*given: Vote, to: tuple[str, ...] = ("u-ann",)) -> dict[int, SeenRecord]:
    """Item 0's record, made again with votes of these accounts, as the record says."""
    return {0: replace(seen(*given, record="r-again")[0], restored=to)}


def test_other_ids_alone_are_no_revision_where_the_record_says_whose_votes_were_put_back() -> None:
    done = (queried(), DONE)

    assert look(*done, sees={**sees_done(), **put_back(ANN_SPAM)}) == []
    again = vote("ann", "spam", user="u-ann-again")
    users = {"u-ann-again": "ann"}
    assert look(*done, sees={**sees_done(), **put_back(again, to=("u-ann-again",))}, users=users) == []
    (answered_there,) = look(*done, sees={**sees_done(), **put_back(ANN_SPAM, to=())})
    assert isinstance(answered_there.data, e.BatchAnnotated)


def test_a_vote_that_was_put_back_may_be_taken_back_or_changed() -> None:
    done = (queried(), DONE)

    (withdrawal,) = look(*done, sees={**sees_done(), **put_back()})
    (edit,) = look(*done, sees={**sees_done(), **put_back(ANN_HAM)})

    assert isinstance(withdrawal.data, e.BatchAnnotated)
    assert isinstance(edit.data, e.BatchAnnotated)
    assert [outcome.items[0].labels for outcome in (withdrawal.data, edit.data)] == [(), ("ham",)]
    assert edit.data.items[0].record == "r-again"
    assert look(*done, sees={**sees_done(), **put_back()}, users={"u-bob": "bob"}) == []


def test_texts_that_went_back_to_the_pool_are_not_revised() -> None:
    told = (queried(), closed(), annotated(answered(0, ANN_SPAM)))

    assert look(*told, sees={**seen(ANN_SPAM), **seen(BOB_HAM, item=1)}) == []


def test_each_batch_is_looked_at_by_itself() -> None:
    told = (queried(), queried("1", (3, 4, 5)), all_answered())

    assert names(look(*told, sees=seen(ANN_SPAM, item=3), batch="1")) == ["ResponsesRecorded"]


def test_a_revision_decides_nothing_anew_but_what_was_answered_otherwise() -> None:
    came_with_label = answered(0, labels=("spam",))
    tied = answered(1, ANN_HAM, vote("bob", "spam"), labels=("spam",))
    done = annotated(came_with_label, tied, answered(2, ANN_HAM))
    sees = {**seen(*tied.votes, item=1), **seen(ANN_SPAM, item=2)}

    (outcome,) = look(queried(), done, sees=sees, ties="discard", min_submitted=2)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert [(item.labels, item.discarded) for item in outcome.data.items] == [
        (("spam",), False),
        (("spam",), False),
        (("spam",), False),
    ]


def test_given_votes_that_came_on_records_of_this_project_decide_as_they_did() -> None:
    elsewhere = replaced(answered(0, ANN_SPAM), record=None, votes=(replaced(ANN_SPAM, user=None),))
    done = annotated(elsewhere, answered(1, ANN_HAM), answered(2, ANN_HAM))
    sees = {**seen(ANN_SPAM), **seen(ANN_HAM, item=1), **seen(ANN_HAM, item=2)}

    (outcome,) = look(queried(), done, sees=sees, min_submitted=2)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("spam",), ("ham",), ("ham",)]
    assert outcome.data.items[0].record == "r-0"
    assert look(queried(), done, outcome.data, sees=sees, min_submitted=2) == []


def test_a_text_that_one_vote_decided_is_not_withdrawn_by_an_edit_where_two_are_asked_now() -> None:
    (outcome,) = look(queried(), DONE, sees={**sees_done(), **seen(ANN_HAM)}, min_submitted=2)
    (withdrawal,) = look(queried(), DONE, sees={**sees_done(), **seen()}, min_submitted=2)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert isinstance(withdrawal.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("ham",), ("ham",), ("news",)]
    assert [item.labels for item in withdrawal.data.items] == [(), ("ham",), ("news",)]


def test_a_relabel_batch_takes_as_many_annotators_as_any_other() -> None:
    both = (answered(0, ANN_SPAM, BOB_HAM), answered(1, ANN_SPAM, BOB_HAM), answered(2, ANN_SPAM, BOB_HAM))
    request = e.RelabelRequested(request="1", who="ann", items=(0,))
    told = (queried(), annotated(*both), request, queried("relabel-1", (0,)))

    def again(*given: Vote) -> list[Outcome]:
        return look(*told, sees=seen(*given), batch="relabel-1", min_submitted=2)

    assert names(again(ANN_HAM)) == ["ResponsesRecorded"]
    (outcome,) = again(ANN_HAM, BOB_HAM)
    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.batch, outcome.data.agreement) == ("relabel-1", 1.0)
    assert [answer.labels for answer in outcome.data.items] == [("ham",)]
