"""Taken back or lost."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from labelloop.oracle.lost_votes import SeenRecord, is_any_absent, lost_votes, merged
from schemas.model import replaced
from schemas.parts import ItemVotes, Vote
from tests.support.matrices import examples
from tests.support.states import vote, votes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN, BOB = vote("ann", "spam"), vote("bob", "ham")
BOTH = {"u-ann": "ann", "u-bob": "bob"}


def seen(*given: Vote, record: str = "r-7") -> SeenRecord:
    return SeenRecord(record, given, NOW)


def test_a_vote_missing_on_its_own_record_was_taken_back_by_its_account() -> None:
    assert lost_votes(votes(7, ANN, BOB), seen(BOB), BOTH) == ()
    assert merged(votes(7, ANN, BOB), seen(BOB), BOTH) == votes(7, BOB)


def test_a_record_that_is_gone_keeps_its_votes() -> None:
    assert merged(votes(7, ANN), None, BOTH) == votes(7, ANN)


def test_a_record_that_was_made_again_lost_its_votes() -> None:
    again = seen(record="r-new")

    assert lost_votes(votes(7, ANN), again, BOTH) == (ANN,)
    assert merged(votes(7, ANN), again, BOTH) == votes(7, ANN)


def test_an_account_that_is_gone_lost_its_votes_and_nobody_elses() -> None:
    assert lost_votes(votes(7, ANN, BOB), seen(), {"u-bob": "bob"}) == (ANN,)
    assert merged(votes(7, ANN, BOB), seen(), {"u-bob": "bob"}) == votes(7, ANN)


def test_an_account_that_was_made_again_lost_its_votes() -> None:
    assert lost_votes(votes(7, ANN), seen(), {"u-ann-again": "ann"}) == (ANN,)


def test_votes_put_back_stand_on_the_new_record_and_the_new_account() -> None:
    again = vote("ann", "spam", user="u-ann-again")

    now = merged(votes(7, ANN), seen(again, record="r-new"), {"u-ann-again": "ann"})

    assert now == votes(7, again, record="r-new")


def test_while_one_vote_is_lost_the_others_on_a_new_record_are_not_taken_for_seen_there() -> None:
    now = merged(votes(7, ANN, BOB), seen(BOB, record="r-new"), BOTH)

    assert now == votes(7, ANN, BOB)
    assert merged(now, seen(BOB, record="r-new"), BOTH) == now


def test_a_vote_that_was_put_back_on_a_record_may_be_taken_back_there() -> None:
    record = SeenRecord("r-new", (BOB,), NOW, restored=("u-ann",))

    assert lost_votes(votes(7, ANN, BOB), record, BOTH) == ()
    assert merged(votes(7, ANN, BOB), record, BOTH) == votes(7, BOB, record="r-new")
    assert lost_votes(votes(7, ANN, BOB), record, {"u-again": "ann"}) == (ANN,)


def test_an_edited_vote_is_the_new_one() -> None:
    edited = vote("ann", "news")

    assert merged(votes(7, ANN), seen(edited), BOTH) == votes(7, edited)


def test_a_vote_that_was_never_recorded_joins() -> None:
    assert merged(votes(7, record=None), seen(BOB), BOTH) == votes(7, BOB)


def test_votes_stand_in_the_order_of_names() -> None:
    assert merged(votes(7, record=None), seen(BOB, ANN), BOTH).votes == (ANN, BOB)


def test_accounts_need_asking_only_where_a_recorded_vote_is_absent() -> None:
    assert is_any_absent({7: votes(7, ANN)}, {7: seen()})
    assert not is_any_absent({7: votes(7, ANN)}, {7: seen(ANN, BOB)})
    assert not is_any_absent({7: votes(7, ANN)}, {})


NAMES = st.sampled_from(["ann", "bob", "cid"])
LABEL = st.sampled_from(["spam", "ham", None])


@st.composite
def recorded_votes(draw: st.DrawFn) -> ItemVotes:
    names = draw(st.lists(NAMES, min_size=1, unique=True))
    return votes(7, *(vote(name, draw(LABEL)) for name in sorted(names)))


@examples(300)
@given(recorded=recorded_votes(), data=st.data())
def test_nothing_lost_is_ever_taken_for_withdrawn(recorded: ItemVotes, data: st.DataObject) -> None:
    """Whatever is deleted and made again, in any order, with any look in between: the answers stay."""
    labels = {one.username: one.labels for one in recorded.votes}
    users = {one.username: str(one.user) for one in recorded.votes}
    record: str | None = recorded.record
    present = {one.username: one for one in recorded.votes}
    restored: set[str] = set()
    believed = recorded
    for step in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["record", "account", "restore", "look"])):
            case "record":
                record, present, restored = None, {}, set()
            case "account":
                name = data.draw(st.sampled_from(sorted(labels)))
                users.pop(name, None)
                present.pop(name, None)
            case "restore":
                record = record or f"again-{step}"
                for one in believed.votes:
                    if one.username not in present and data.draw(st.booleans()):
                        user = users.setdefault(one.username, f"u-{step}-{one.username}")
                        present[one.username] = replaced(one, user=user)
                        restored.add(user)
            case "look":
                told = None if data.draw(st.booleans()) else tuple(restored)
                there = tuple(present.values())
                now = None if record is None else SeenRecord(record, there, NOW, restored=told)
                believed = merged(believed, now, {user: name for name, user in users.items()})
                assert {one.username: one.labels for one in believed.votes} == labels


LATER = datetime(2026, 1, 2, tzinfo=UTC)


def moved(*here: Vote, earlier: tuple[Vote, ...], record: str = "r-new") -> SeenRecord:
    return SeenRecord(record, here, NOW, restored=("u-ann",), earlier=earlier)


def test_of_answers_in_two_places_the_newest_of_each_person_counts() -> None:
    first, other = replaced(ANN, time=NOW), replaced(ANN, labels=("ham",), time=LATER)
    put_back = replaced(ANN, time=LATER + (LATER - NOW))

    now = merged(votes(7, first), moved(put_back, earlier=(other,)), BOTH)

    assert now == votes(7, other, record=None), (
        "the time at which a vote was put back is not when it was given"
    )
    assert merged(now, moved(other, earlier=(other,)), BOTH) == votes(7, other, record="r-new")


def test_an_answer_in_the_new_place_that_is_newer_stands() -> None:
    old, new = replaced(ANN, time=NOW), replaced(ANN, labels=("ham",), time=LATER)

    assert merged(votes(7, old), moved(new, earlier=(old,)), BOTH) == votes(7, new, record="r-new")


def test_a_draft_in_the_old_place_takes_back_no_answer_in_the_new_one() -> None:
    answer = replaced(ANN, time=NOW)
    draft = replaced(ANN, status="draft", labels=("ham",), time=LATER)

    assert merged(votes(7, answer), moved(answer, earlier=(draft,)), BOTH) == votes(7, answer, record="r-new")
    assert merged(votes(7), moved(earlier=(draft,)), BOTH) == votes(7, draft, record=None)


def test_an_answer_that_was_only_given_in_the_old_place_counts_and_is_to_be_put_back() -> None:
    answer = replaced(BOB, time=LATER)

    now = merged(votes(7, ANN), moved(ANN, earlier=(answer,)), BOTH)

    assert now == votes(7, ANN, answer, record=None)
    assert lost_votes(now, moved(ANN, earlier=(answer,)), BOTH) == (answer,)
