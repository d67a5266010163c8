"""What the watcher makes of a batch that is done: a revision of it, or nothing."""

from dataclasses import replace
from typing import Any

from labelloop.oracle.lost_votes import SeenRecord
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Vote
from tests.support.looks import ANN_HAM, ANN_SPAM, BOB_HAM, LATER, closed, kinds, look, seen_records
from tests.support.states import (
    all_answered,
    annotated,
    answered,
    machine,
    project,
    queried,
    state_of,
    suggester,
    suggestions,
    vote,
)

DONE = annotated(answered(0, ANN_SPAM), answered(1, vote("ann", "ham")), answered(2, vote("ann", "news")))
AS_DONE = {
    0: seen_records(ANN_SPAM),
    1: seen_records(vote("ann", "ham"), item=1),
    2: seen_records(vote("ann", "news"), item=2),
}


def sees_done(**changes: Any) -> dict[int, SeenRecord]:
    return {item: one[item] for item, one in AS_DONE.items()}


def test_a_done_batch_that_did_not_change_makes_nothing_due() -> None:
    later_time = seen_records(replaced(ANN_SPAM, time=LATER))

    assert look(queried(), DONE, sees=sees_done()) == []
    assert look(queried(), DONE, sees={**sees_done(), **later_time}) == []


def test_an_edit_is_a_further_revision() -> None:
    outcomes = look(queried(), DONE, sees={**sees_done(), **seen_records(ANN_HAM)})

    (outcome,) = outcomes
    assert isinstance(outcome.data, e.BatchAnnotated)
    assert outcome.data.revision == 1
    assert [item.labels for item in outcome.data.items] == [("ham",), ("ham",), ("news",)]
    assert outcome.cause == state_of(project(), queried(), DONE).batches["0"].revision_ids[0]


def test_a_discard_and_a_withdrawal_are_further_revisions() -> None:
    discards = look(queried(), DONE, sees={**sees_done(), **seen_records(vote("ann"))})
    withdraws = look(queried(), DONE, sees={**sees_done(), **seen_records()})
    drafts = look(queried(), DONE, sees={**sees_done(), **seen_records(vote("ann", "spam", "draft"))})

    found = [(o.data.items[0].labels, o.data.items[0].discarded) for (o,) in (discards, withdraws, drafts)]  # type: ignore[attr-defined]
    assert found == [((), True), ((), False), ((), False)]


def test_a_second_opinion_after_the_batch_is_a_further_revision() -> None:
    (outcome,) = look(queried(), DONE, sees={**sees_done(), **seen_records(ANN_SPAM, BOB_HAM)})

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.items[0].labels, outcome.data.agreement) == (("spam",), 0.5)


def test_what_the_server_lost_is_no_revision() -> None:
    done = (queried(), DONE)
    half = {1: sees_done()[1]}

    assert look(*done, sees={}) == []
    assert look(*done, sees=half) == []
    assert look(*done, sees={**sees_done(), **seen_records()}, users={"u-bob": "bob"}) == []
    assert look(*done, sees={**sees_done(), **seen_records(record="r-again")}) == []


def test_labels_on_new_records_are_a_revision_so_that_withdrawals_there_are_seen() -> None:
    moved = {**sees_done(), **seen_records(ANN_SPAM, record="r-again")}

    (outcome,) = look(queried(), DONE, sees=moved)
    assert isinstance(outcome.data, e.BatchAnnotated)
    revised = outcome.data

    assert revised.items[0].record == "r-again"
    assert [item.labels for item in revised.items] == [item.labels for item in DONE.items]
    assert look(queried(), DONE, revised, sees=moved) == []
    (withdrawal,) = look(queried(), DONE, revised, sees={**moved, **seen_records(record="r-again")})
    assert isinstance(withdrawal.data, e.BatchAnnotated)
    assert withdrawal.data.items[0].labels == ()


def put_back(*given: Vote, to: tuple[str, ...] = ("u-ann",)) -> dict[int, SeenRecord]:
    """Item 0's record, made again with votes of these accounts, as the record says."""
    return {0: replace(seen_records(*given, record="r-again")[0], restored=to)}


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

    assert look(*told, sees={**seen_records(ANN_SPAM), **seen_records(BOB_HAM, item=1)}) == []


def test_each_batch_is_looked_at_by_itself() -> None:
    told = (queried(), queried("1", (3, 4, 5)), all_answered())

    assert kinds(look(*told, sees=seen_records(ANN_SPAM, item=3), batch="1")) == ["ResponsesRecorded"]


def test_a_revision_decides_nothing_anew_but_what_was_answered_otherwise() -> None:
    came_with_label = answered(0, labels=("spam",))
    tied = answered(1, ANN_HAM, vote("bob", "spam"), labels=("spam",))
    done = annotated(came_with_label, tied, answered(2, ANN_HAM))
    sees = {**seen_records(*tied.votes, item=1), **seen_records(ANN_SPAM, item=2)}

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
    sees = {**seen_records(ANN_SPAM), **seen_records(ANN_HAM, item=1), **seen_records(ANN_HAM, item=2)}

    (outcome,) = look(queried(), done, sees=sees, min_submitted=2)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("spam",), ("ham",), ("ham",)]
    assert outcome.data.items[0].record == "r-0"
    assert look(queried(), done, outcome.data, sees=sees, min_submitted=2) == []


def test_a_text_that_one_vote_decided_is_not_withdrawn_by_an_edit_where_two_are_asked_now() -> None:
    (outcome,) = look(queried(), DONE, sees={**sees_done(), **seen_records(ANN_HAM)}, min_submitted=2)
    (withdrawal,) = look(queried(), DONE, sees={**sees_done(), **seen_records()}, min_submitted=2)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert isinstance(withdrawal.data, e.BatchAnnotated)
    assert [item.labels for item in outcome.data.items] == [("ham",), ("ham",), ("news",)]
    assert [item.labels for item in withdrawal.data.items] == [(), ("ham",), ("news",)]


WITH_MACHINE = annotated(
    answered(0, ANN_SPAM, machine("ham")), answered(1, vote("ann", "ham"), machine("ham"))
)
VOTING = (suggester(votes=True), queried(items=(0, 1)))


def test_the_vote_of_a_machine_is_no_persons_that_was_lost_or_withdrawn() -> None:
    sees = {item: one for item, one in sees_done().items() if item < 2}

    assert look(*VOTING, WITH_MACHINE, sees=sees) == []
    assert look(*VOTING, WITH_MACHINE, suggestions(item_0="news", item_1="news"), sees=sees) == []


def test_a_revision_keeps_the_votes_of_machines_that_were_counted() -> None:
    sees = {**{item: one for item, one in sees_done().items() if item < 2}, **seen_records(BOB_HAM, ANN_SPAM)}

    (outcome,) = look(*VOTING, WITH_MACHINE, sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    first, second = outcome.data.items
    assert (first.labels, first.votes) == (("ham",), (ANN_SPAM, BOB_HAM, machine("ham")))
    assert second == WITH_MACHINE.items[1]


def test_without_a_person_the_label_is_withdrawn_whatever_a_machine_says() -> None:
    sees = {**{item: one for item, one in sees_done().items() if item < 2}, **seen_records()}

    (outcome,) = look(*VOTING, WITH_MACHINE, sees=sees)

    assert isinstance(outcome.data, e.BatchAnnotated)
    assert (outcome.data.items[0].labels, outcome.data.items[0].discarded) == ((), False)
