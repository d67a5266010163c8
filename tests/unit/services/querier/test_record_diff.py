"""What the server's records lack."""

from dataclasses import replace
from datetime import timedelta

from labelloop.loop.gold_texts import FIRST, as_asked
from labelloop.loop.label_lists import LabelList, label_list
from labelloop.oracle.argilla.new_record import new_record
from labelloop.oracle.base import Prediction
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.pool.context import PoolText
from schemas import events as e
from schemas.model import replaced
from schemas.parts import AnnotatedItem, GoldItem, QueriedItem, Vote
from services.querier.record_diff import (
    MissingRecord,
    WantedAnswers,
    asked_texts,
    lacks,
    leftovers,
    missing_accounts,
)
from tests.support.states import (
    LABELS,
    START,
    all_answered,
    annotated,
    answered,
    machine,
    project,
    queried,
    recorded,
    state_of,
    suggester,
    suggestions,
    trained,
    vote,
    votes,
)

ANN, BOB = vote("ann", "spam"), vote("bob", "ham")
ACCOUNTS = {"u-ann": "ann", "u-bob": "bob"}
ONE = WantedAnswers(1)
WITHOUT_ANN = WantedAnswers(1, {"ann"}, by_text=True)
TWO_WITHOUT_ANN = WantedAnswers(2, {"ann"}, by_text=True)
ONLY_BOB = {"u-bob": "bob"}
AS_MADE = LabelList(0, LABELS, LABELS)
RETIRED = e.LabelsChanged(request="1", who="ann", number=1, names=LABELS, retired=(0,))
"""Spam is no label any more."""


def seen(item: int, *given: Vote, record: str | None = None) -> dict[int, SeenRecord]:
    return {item: SeenRecord(record or f"r-{item}", given, START)}


def found(
    *told: e.EventData,
    sees: dict[int, SeenRecord],
    accounts: dict[str, str] = ACCOUNTS,
    wanted: WantedAnswers = ONE,
) -> list[MissingRecord]:
    state = state_of(project(), *told)
    return lacks(state.batches["0"], sees, accounts, label_list(state), wanted)


def test_a_new_batch_lacks_everything_in_its_order() -> None:
    assert found(queried(items=(5, 3, 9)), sees={}) == [
        MissingRecord(5, ()),
        MissingRecord(3, ()),
        MissingRecord(9, ()),
    ]


def test_a_batch_that_is_there_lacks_nothing() -> None:
    sees = seen(0, ANN) | seen(1) | seen(2)

    assert found(queried(), sees=sees) == []
    assert found(queried(), recorded(votes(0, ANN)), sees=sees) == []


def test_a_record_that_an_older_labelloop_wrote_is_written_again_and_keeps_its_votes() -> None:
    old = {item: replace(record, outdated=True) for item, record in (seen(0, ANN) | seen(1)).items()}
    told = (queried(), recorded(votes(0, ANN)))

    assert found(*told, sees=old | seen(2)) == [MissingRecord(0, ()), MissingRecord(1, ())]


def test_an_absent_record_comes_back_with_its_recorded_votes() -> None:
    told = (queried(), recorded(votes(0, ANN, BOB)))

    assert found(*told, sees=seen(1) | seen(2)) == [MissingRecord(0, (ANN, BOB))]


def test_a_record_without_the_votes_that_it_had_gets_only_those() -> None:
    told = (queried(), recorded(votes(0, ANN, BOB)))
    rest = seen(1) | seen(2)

    assert found(*told, sees=rest | seen(0, BOB), accounts={"u-bob": "bob"}) == [MissingRecord(0, (ANN,))]
    assert found(*told, sees=rest | seen(0, BOB, record="again")) == [MissingRecord(0, (ANN,))]


def test_a_record_keeps_telling_whose_votes_were_put_back_on_it() -> None:
    told = (queried(items=(0,)), recorded(votes(0, ANN, BOB)))
    again = {0: replace(seen(0, ANN, record="again")[0], restored=("u-ann",))}
    batch = state_of(project(), *told).batches["0"]

    lacking = found(*told, sees=again)
    (text,) = asked_texts(batch, lacking, [PoolText("hello")], ACCOUNTS, AS_MADE)

    assert lacking == [MissingRecord(0, (BOB,), ("u-ann",))]
    assert (text.votes, text.restored) == ((BOB,), ("u-ann",))


def test_a_withdrawn_vote_is_not_put_back() -> None:
    told = (queried(), recorded(votes(0, ANN, BOB)))

    assert found(*told, sees=seen(0, BOB) | seen(1) | seen(2)) == []


def test_the_answers_of_the_newest_revision_are_put_back() -> None:
    old, new = annotated(answered(0, ANN)), annotated(answered(0, BOB), revision=1)

    assert found(queried(items=(0,)), old, new, sees={}) == [MissingRecord(0, (BOB,))]


def test_texts_that_went_back_to_the_pool_are_taken_away_and_never_put_back() -> None:
    closed = e.BatchClosed(request="1", who="ann", batch="0")
    told = (queried(), closed, annotated(answered(0, ANN)))
    batch = state_of(project(), *told).batches["0"]

    assert found(*told, sees=seen(0, ANN)) == []
    assert leftovers(batch, seen(0, ANN) | seen(1) | seen(2, BOB)) == ["r-1", "r-2"]


def test_an_open_batch_has_no_leftovers() -> None:
    assert leftovers(state_of(project(), queried()).batches["0"], seen(0) | seen(1)) == []


def test_accounts_that_votes_need_are_named_once() -> None:
    lacking = [MissingRecord(0, (ANN, BOB)), MissingRecord(1, (ANN,))]

    assert missing_accounts(lacking, {"u-bob": "bob"}) == ["ann"]
    assert missing_accounts(lacking, ACCOUNTS) == []


def test_records_carry_what_annotators_may_know() -> None:
    picked = QueriedItem(
        item=4, rank=0, reason="uncertain", predicted=("ham",), probability=0.4, suggested=True
    )
    told = (queried(), queried("1", (6,)))
    state = state_of(project(), *told, replaced(queried("2", model="0", attempt=0), items=(picked,)))

    (text,) = asked_texts(
        state.batches["2"], [MissingRecord(4, (ANN,))], [PoolText("hello")], ACCOUNTS, AS_MADE
    )

    assert (text.batch, text.number, text.item, text.rank, text.text) == ("2", 2, 4, 0, "hello")
    assert (text.reason, text.model) == ("uncertain", "0")
    assert text.suggestion == Prediction(("ham",), 0.4, "0")
    assert text.votes == (ANN,)


def test_an_audit_text_shows_neither_suggestion_nor_reason_nor_model() -> None:
    picked = QueriedItem(item=4, rank=0, reason="audit", predicted=("ham",), probability=0.4, suggested=False)
    state = state_of(project(), replaced(queried(model="0", attempt=0), items=(picked,)))

    (text,) = asked_texts(state.batches["0"], [MissingRecord(4, ())], [PoolText("hello")], {}, AS_MADE)

    assert (text.reason, text.model, text.suggestion) == (None, None, None)


def test_a_cold_start_shows_its_reason_and_no_suggestion() -> None:
    state = state_of(project(), queried())

    (text,) = asked_texts(state.batches["0"], [MissingRecord(1, ())], [PoolText("hello")], {}, AS_MADE)

    assert (text.rank, text.reason, text.model, text.suggestion) == (1, "cold-start", None, None)


def test_a_relabel_batch_stays_itself_where_people_meet_it() -> None:
    asked = e.RelabelRequested(request="1", who="ann", items=(0,), why="unsure")
    told = (queried(items=(0,)), all_answered("0", (0,)), asked)
    state = state_of(project(), *told, queried("relabel-1", (0,)))

    (text,) = asked_texts(
        state.batches["relabel-1"], [MissingRecord(0, ())], [PoolText("hello")], {}, AS_MADE
    )

    assert (text.batch, text.number) == ("relabel-1", 0)


def test_votes_of_accounts_that_could_not_be_made_wait() -> None:
    state = state_of(project(), queried())

    (text,) = asked_texts(
        state.batches["0"], [MissingRecord(1, (ANN, BOB))], [PoolText("hello")], {"u-2": "bob"}, AS_MADE
    )

    assert text.votes == (vote("bob", "ham", user="u-2"),)


def test_discards_and_drafts_are_put_back_as_they_were() -> None:
    state = state_of(project(), queried())
    given = (vote("ann"), vote("bob", "ham", "draft"))

    (text,) = asked_texts(
        state.batches["0"], [MissingRecord(1, given)], [PoolText("hello")], ACCOUNTS, AS_MADE
    )

    assert text.votes == given


def test_a_text_that_came_with_its_label_is_not_put_before_people() -> None:
    done = annotated(answered(0, labels=("spam",)), answered(1, vote("ann", "ham")))

    assert [lack.item for lack in found(queried(items=(0, 1)), done, sees={})] == [1]


def test_a_record_carries_the_columns_of_its_text() -> None:
    state = state_of(project(), queried())
    text = PoolText("Refund", {"subject": "Refund", "from": None}, {"team": "North"})

    (asked,) = asked_texts(state.batches["0"], [MissingRecord(1, ())], [text], {}, AS_MADE)

    assert (asked.text, asked.columns, asked.metadata) == (text.text, text.columns, text.metadata)


def test_a_vote_for_a_retired_label_is_not_put_back_and_its_text_not_asked_again() -> None:
    done = annotated(answered(0, ANN, labels=("spam",)), answered(1, BOB), answered(2, ANN, BOB))

    assert found(queried(), done, RETIRED, sees={}) == [MissingRecord(1, (BOB,)), MissingRecord(2, (BOB,))]


def test_a_text_of_an_open_batch_with_a_retired_label_is_asked_again() -> None:
    assert found(queried(), recorded(votes(0, ANN)), RETIRED, sees=seen(1) | seen(2)) == [
        MissingRecord(0, ())
    ]


def test_a_retired_label_is_not_suggested() -> None:
    picked = QueriedItem(
        item=0, rank=0, reason="uncertain", predicted=("spam",), probability=0.9, suggested=True
    )
    state = state_of(project(), replaced(queried(model="0", attempt=0), items=(picked,)), RETIRED)
    text = PoolText("win a prize")

    (asked,) = asked_texts(state.batches["0"], [MissingRecord(0, ())], [text], {}, label_list(state))

    assert asked.suggestion is None


def test_a_newer_answer_from_elsewhere_takes_the_place_of_the_one_on_the_record() -> None:
    before, later = replaced(ANN, time=START), replaced(ANN, labels=("ham",), time=START + timedelta(hours=1))
    told = queried(items=(0,)), recorded(votes(0, later, record=None))

    assert found(*told, sees=seen(0, before)) == [MissingRecord(0, (later,))]
    assert found(*told, sees=seen(0, replaced(before, time=START + timedelta(hours=2)))) == []


def test_that_no_label_fits_is_suggested_with_how_likely_the_likeliest_is() -> None:
    picked = (
        QueriedItem(item=0, rank=0, reason="uncertain", probability=0.2, suggested=True, probabilities=()),
    )
    told = e.BatchQueried(**{**dict(queried("1", (0,), model="0", attempt=0)), "items": picked})
    facts = (project(task="multi-label"), queried(), all_answered(), trained("0", {"0": 0}), told)
    batch = state_of(*facts).batches["1"]

    (text,) = asked_texts(batch, lacks(batch, {}, {}, AS_MADE, ONE), [PoolText("a")], {}, AS_MADE)

    assert text.suggestion == Prediction((), 0.2, "0", ())


def test_a_text_that_came_with_no_label_of_several_is_not_shown() -> None:
    came = AnnotatedItem(item=0, none=True)
    batch = state_of(project(task="multi-label"), queried(items=(0,)), annotated(came)).batches["0"]

    assert lacks(batch, {}, {}, AS_MADE, ONE) == []


def test_a_text_that_a_removed_person_decided_is_not_asked_again() -> None:
    """Their account is not made again in a new Argilla, so nothing could hold the vote."""
    told = (queried(), recorded(votes(0, ANN)))

    lacking = found(*told, sees={}, accounts=ONLY_BOB, wanted=WITHOUT_ANN)

    assert [lack.item for lack in lacking] == [1, 2]


def test_a_removed_persons_vote_leaves_one_answer_less_to_ask_for() -> None:
    told = (queried(), recorded(votes(0, ANN, BOB)))

    lacking = found(*told, sees={}, accounts=ONLY_BOB, wanted=TWO_WITHOUT_ANN)

    assert lacking[0] == MissingRecord(0, (BOB,), wanted=1)
    assert lacking[1] == MissingRecord(1, ())


def test_a_draft_of_a_removed_person_leaves_as_many_answers_to_ask_for() -> None:
    told = (queried(), recorded(votes(0, vote("ann", "spam", "draft"))))

    assert found(*told, sees={}, accounts=ONLY_BOB, wanted=WITHOUT_ANN)[0] == MissingRecord(0, ())


def test_a_record_whose_removed_persons_vote_is_gone_asks_nobody_else_once() -> None:
    told = (queried(), recorded(votes(0, ANN)))
    sees = seen(0) | seen(1) | seen(2)

    assert found(*told, sees=sees, accounts=ONLY_BOB, wanted=WITHOUT_ANN) == [MissingRecord(0, (), wanted=0)]
    told_already = sees | {0: replace(sees[0], wanted=0)}
    assert found(*told, sees=told_already, accounts=ONLY_BOB, wanted=WITHOUT_ANN) == []


def test_where_texts_cannot_say_how_many_they_want_nothing_is_written_for_it() -> None:
    elsewhere = replace(WITHOUT_ANN, by_text=False)
    told = (queried(), recorded(votes(0, ANN)))

    assert found(*told, sees=seen(0) | seen(1) | seen(2), accounts=ONLY_BOB, wanted=elsewhere) == []


def test_a_text_for_two_people_says_so_where_texts_can() -> None:
    picked = queried()
    overlap = replaced(picked, items=(replaced(picked.items[0], answers=2), *picked.items[1:]))

    by_text = found(overlap, sees={}, wanted=replace(ONE, by_text=True))

    assert [lack.wanted for lack in by_text] == [2, None, None]
    assert found(overlap, sees={}, wanted=replace(TWO_WITHOUT_ANN, gone=()))[0].wanted is None


def test_a_record_shows_what_a_machine_suggests_by_now() -> None:
    told = (suggester(), queried(), suggestions(item_0="ham", item_1=None))
    state = state_of(project(), *told)
    old = {item: replace(record, suggested_by="") for item, record in (seen(0) | seen(1) | seen(2)).items()}
    new = {**old, 0: replace(old[0], suggested_by="llm tiny")}

    assert found(*told, sees=old) == [MissingRecord(0, ())]
    assert found(*told, sees=new) == []
    assert found(*told, sees=seen(0) | seen(1) | seen(2)) == []
    (text,) = asked_texts(state.batches["0"], [MissingRecord(0, ())], [PoolText("hello")], {}, AS_MADE)
    assert text.suggestion == Prediction(("ham",), None, "", by="llm tiny")


def test_a_record_of_a_done_batch_is_not_written_for_a_suggestion() -> None:
    old = {item: replace(record, suggested_by="") for item, record in (seen(0) | seen(1) | seen(2)).items()}
    told = (suggester(), queried(), all_answered(), suggestions(item_0="ham"))

    assert [lack for lack in found(*told, sees=old) if not lack.votes] == []


def test_where_a_machine_cannot_tell_the_model_suggests() -> None:
    picked = QueriedItem(
        item=4, rank=0, reason="uncertain", predicted=("ham",), probability=0.4, suggested=True
    )
    batch = replaced(queried(model="0", attempt=0), items=(picked,))
    state = state_of(project(), suggester(), batch, suggestions(item_4=None))

    (text,) = asked_texts(state.batches["0"], [MissingRecord(4, ())], [PoolText("hello")], {}, AS_MADE)

    assert text.suggestion == Prediction(("ham",), 0.4, "0")


def test_the_vote_of_a_machine_is_not_put_back_as_a_persons() -> None:
    done = annotated(answered(0, ANN, machine("ham")))
    sees = seen(0, ANN)

    assert found(queried(items=(0,)), done, sees=sees) == []
    assert found(queried(items=(0,)), done, sees={}) == [MissingRecord(0, (ANN,))]


def test_a_gold_text_looks_like_the_others_of_its_batch() -> None:
    gold = (GoldItem(item=5, rank=1, labels=("spam",)),)
    picked = queried(items=(7, 8), model="0", gold=gold, gold_version="g")
    state = state_of(
        project(), queried("0"), all_answered(), trained("0", {"0": 0}), replaced(picked, batch="1")
    )
    batch = as_asked(state.batches["1"])

    lacking = lacks(batch, {}, ACCOUNTS, AS_MADE, ONE)
    texts = [PoolText(f"text {lack.item}") for lack in lacking]
    asked = asked_texts(batch, lacking, texts, ACCOUNTS, AS_MADE, {FIRST + 5: 21})

    assert [(each.item, each.rank, each.other_number) for each in asked] == [
        (7, 0, None),
        (8, 2, None),
        (FIRST + 5, 1, 21),
    ]
    assert {(each.reason, each.model, each.suggestion) for each in asked} == {("uncertain", "0", None)}
    record = new_record(asked[-1])
    assert record.metadata == {"batch": 1, "rank": 1, "item": 21, "reason": "uncertain", "model": "model-0"}


def test_nothing_is_suggested_for_a_text_that_gold_texts_hide_among() -> None:
    picked = QueriedItem(item=7, rank=0, reason="uncertain", predicted=("ham",), unaided=True)
    state = state_of(
        project(),
        suggester(),
        queried(items=()).model_copy(update={"items": (picked,)}),
        suggestions(item_7="spam"),
    )
    batch = state.batches["0"]

    (asked,) = asked_texts(batch, lacks(batch, {}, {}, AS_MADE, ONE), [PoolText("seven")], {}, AS_MADE)

    assert asked.suggestion is None
