"""What a fork starts with: the batches of the other project, with what people and machines said of them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from labelloop.loop import gold_texts
from labelloop.loop.history import History
from labelloop.loop.machine_figures import machine_figures
from labelloop.loop.proof import Proof
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import source_of, spent
from labelloop.projects.catalog import created
from labelloop.projects.given_batches import copied, opening
from schemas import events as e
from schemas.model import replaced
from schemas.parts import GoldItem, ItemVotes, SettingsV4, Snapshot
from tests.support.states import (
    all_answered,
    annotated,
    answered,
    project,
    queried,
    state_of,
    suggester,
    suggestions,
    vote,
)

GOLD = SettingsV4(gold=Snapshot(uri="mail/gold/g.arrow", digest="g", size=9), gold_share=1.0)
TOLD = e.ProjectChangedV4(request="gold", who="ann", from_batch=0, settings=GOLD)


def forked(state: LoopState, batches: int = 1, gold_before: Sequence[Snapshot] = ()) -> LoopState:
    """The fork, whose log a proof takes."""
    history, proof = History("fork-1"), Proof("fork-1")
    start = replaced(state.project, name="fork", forked_from=state.project_id)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    given = copied(state, batches)
    for event in opening("fork-1", start, given, "cli", at, settings=GOLD, gold_before=gold_before):
        assert history.add(event), history.halt
        assert proof.add(event), proof.halt
    return created(history)


def test_machines_figures_are_those_of_the_other_project_without_its_costs() -> None:
    said = suggestions(item_0="spam", item_1="spam", item_2=None, cost=0.25)
    more = suggestions(number=1, item_2="news", cost=0.25)
    state = state_of(project(), suggester(), queried(), said, more, all_answered())

    fork = forked(state)

    ((source, now),) = machine_figures(fork).items()
    before = machine_figures(state)[source]
    assert source == source_of(said)
    assert (now.shown, now.asked, now.abstained) == (before.shown, before.asked, before.abstained)
    assert (spent(*state.batches.values()).cost, spent(*fork.batches.values())) == (0.5, (0, 0, 0.0))


def test_what_machines_said_of_texts_that_a_close_gave_back_stays_behind() -> None:
    state = state_of(
        project(),
        queried(),
        suggestions(item_1="spam"),
        suggestions(number=1, item_0="ham", item_2="news"),
        e.BatchClosed(request="1", who="ann", batch="0"),
        annotated(answered(0, vote("ann", "spam"))),
    )

    (batch,) = forked(state).batches.values()

    assert [(made.number, [said.item for said in made.items]) for made in batch.suggestions] == [(0, [0])]


def test_gold_texts_come_along_with_their_answers_and_without_the_accounts() -> None:
    gold = tuple(GoldItem(item=row, rank=rank, labels=("spam",)) for row, rank in ((4, 0), (7, 3), (2, 4)))
    asked = queried(gold=gold, gold_version="g")
    answers = (
        ItemVotes(item=4, record="r4", votes=(vote("ann", "ham"),)),
        ItemVotes(item=2, record="r2", votes=(vote("ann", "spam"),)),
    )
    state = state_of(
        project(),
        TOLD,
        asked,
        e.BatchClosed(request="1", who="ann", batch="0"),
        replaced(annotated(answered(1, vote("ann", "spam"))), gold=answers),
    )

    fork = forked(state)

    (batch,) = fork.batches.values()
    assert gold_texts.figures(fork) == gold_texts.figures(state)
    assert gold_texts.used(fork, "g") == {4, 2}
    assert [(text.item, text.rank) for text in batch.queried.gold] == [(4, 0), (2, 2)]
    assert {vote.user for answer in gold_texts.recorded(batch) for vote in answer.votes} == {None}
    assert gold_texts.gold_at(fork, 1) == gold_texts.gold_at(state, 1)


def test_the_gold_texts_of_before_come_along_too() -> None:
    before = Snapshot(uri="mail/gold/b.arrow", digest="b", size=1)
    asked = queried(gold=(GoldItem(item=0, rank=0, labels=("spam",)),), gold_version="b")
    answers = (ItemVotes(item=0, record="r", votes=(vote("ann", "ham"),)),)
    first = replaced(TOLD, request="first", settings=SettingsV4(gold=before, gold_share=1.0))
    later = replaced(TOLD, from_batch=1)
    state = state_of(project(), first, asked, replaced(all_answered(), gold=answers), later)

    fork = forked(state, gold_before=[before])

    assert gold_texts.figures(fork) == gold_texts.figures(state) != {}
    assert gold_texts.gold_snapshots(fork) == (before, GOLD.gold)
    assert gold_texts.gold_at(fork, 1).snapshot == GOLD.gold


def test_a_batch_that_was_closed_without_an_answer_is_an_empty_one() -> None:
    close = e.BatchClosed(request="1", who="ann", batch="0")
    state = state_of(project(), TOLD, queried(), close, annotated())

    (batch,) = forked(state).batches.values()

    assert (batch.done, batch.items) == (True, frozenset())
