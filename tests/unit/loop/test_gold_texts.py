"""Gold texts: which of them a batch has, where they stand among its texts, and what answers to them say."""

from collections.abc import Iterable, Mapping

import pytest

from labelloop.loop.gold_texts import (
    FIRST,
    GoldFigures,
    as_asked,
    confusions,
    figures,
    gold_at,
    mixed,
    other_numbers,
    used,
)
from labelloop.loop.proof import Proof
from labelloop.loop.settings_in_force import for_next, snapshots
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.envelope import new_event
from schemas.fields import UNSAID
from schemas.model import replaced
from schemas.parts import GoldItem, ItemVotes, QueriedItem, SettingsV4, Snapshot, Vote
from tests.support.states import (
    LABELS,
    PROJECT,
    all_answered,
    history_of,
    project,
    queried,
    recorded,
    state_of,
    vote,
    votes,
)

GOLD = Snapshot(uri=f"{PROJECT}/gold/g.arrow", digest="g", size=6)
OTHER = Snapshot(uri=f"{PROJECT}/gold/h.arrow", digest="h", size=2)
ANN = vote("ann", "spam")
KNOWN = [(LABELS[row % 3],) for row in range(GOLD.size)]


def told(share: float = 0.67, first: int = 0, gold: Snapshot | None = GOLD) -> e.ProjectChangedV4:
    settings = SettingsV4(gold=gold, gold_share=share)
    return e.ProjectChangedV4(request=f"gold-{first}", who="ann", from_batch=first, settings=settings)


def with_gold(batch: str, items: Iterable[int], *rows: int, **changes: object) -> e.BatchQueried:
    """A batch whose gold texts stand first."""
    gold = tuple(GoldItem(item=row, rank=rank, labels=KNOWN[row % 6]) for rank, row in enumerate(rows))
    return queried(batch, items, gold=gold, gold_version="g", **changes)


def answering(
    batch: str, items: Iterable[int], answers: Mapping[int, tuple[Vote, ...]], revision: int = 0
) -> e.BatchAnnotated:
    """All texts of a batch are answered, and its gold texts, by their rows, in these ways."""
    gold = tuple(ItemVotes(item=row, record=f"g-{row}", votes=given) for row, given in answers.items())
    return replaced(all_answered(batch, items, revision), gold=gold or UNSAID)


def rows_of(batch: e.BatchQueried) -> list[int]:
    return [text.item for text in batch.gold or ()]


def test_the_setting_holds_from_a_batch_on_and_is_no_setting_of_the_learner() -> None:
    state = state_of(project(), told(0.5, first=1), told(0.0, first=2, gold=None), told(1.0, 3, OTHER))

    assert gold_at(state, 0) == (None, 0.0)
    assert gold_at(state, 1) == (GOLD, 0.5)
    assert gold_at(state, 2) == (GOLD, 0.0)
    assert gold_at(state, 3) == (OTHER, 1.0)
    assert for_next(state) == state.project
    assert {GOLD, OTHER} < {*snapshots(state)}


def test_gold_texts_are_drawn_by_the_seed_each_once_while_there_are_any() -> None:
    events: list[e.EventData] = [project(), told(0.67)]
    drawn = []
    for number in range(4):
        asked = queried(str(number), range(3 * number, 3 * number + 3))
        batch = mixed(state_of(*events), asked, GOLD, KNOWN)
        assert mixed(state_of(*events), asked, GOLD, KNOWN) == batch
        drawn += rows_of(batch)
        assert {text.item: text.labels for text in batch.gold or ()} == {
            row: KNOWN[row] for row in rows_of(batch)
        }
        assert [(picked.item, picked.rank) for picked in batch.items] == [
            (picked.item, picked.rank) for picked in asked.items
        ], "what the log says of texts of the pool is as without gold texts"
        events += [batch, answering(str(number), batch_items(batch), dict.fromkeys(rows_of(batch), (ANN,)))]

    assert sorted(drawn) == list(range(6)), "none in the fourth batch"
    others = [state_of(project(seed=seed), told(0.67)) for seed in range(1, 9)]
    assert any(rows_of(mixed(other, queried(), GOLD, KNOWN)) != drawn[:2] for other in others)


def batch_items(batch: e.BatchQueried) -> list[int]:
    return [picked.item for picked in batch.items]


@pytest.mark.parametrize(
    ("audits", "unaided"),
    [(0, 2), (1, 2), (2, 2), (4, 2), (5, 1)],
    ids=["none", "fewer", "as many", "more", "one other"],
)
def test_as_many_texts_with_the_batchs_reason_have_no_suggestion_as_are_gold(
    audits: int, unaided: int
) -> None:
    state = state_of(project(batch_size=6), told(0.34))
    uncertain = [
        QueriedItem(item=item, rank=item, reason="uncertain", predicted=("ham",), suggested=True)
        for item in range(6)
    ]
    audited = [replaced(picked, reason="audit", suggested=False) for picked in uncertain[:audits]]
    asked = queried(items=(), model="0").model_copy(update={"items": (*audited, *uncertain[audits:])})

    batch = mixed(state, asked, GOLD, KNOWN)

    assert mixed(state, asked, GOLD, KNOWN) == batch
    assert len(rows_of(batch)) == 2
    of_batch = [picked for picked in batch.items if picked.reason == "uncertain"]
    assert [picked.suggested for picked in of_batch].count(False) == unaided
    assert [bool(picked.unaided) for picked in of_batch].count(True) == unaided
    assert batch.items[:audits] == tuple(audited), "people know audit texts by their metadata"


def test_among_audit_texts_alone_a_gold_text_would_be_known() -> None:
    asked = queried().model_copy(
        update={"items": tuple(QueriedItem(item=item, rank=item, reason="audit") for item in range(3))}
    )

    assert mixed(state_of(project(), told()), asked, GOLD, KNOWN) == asked


def test_a_closed_batch_gives_gold_texts_back_that_nobody_answered() -> None:
    state = state_of(
        project(),
        told(),
        with_gold("0", (0, 1, 2), 3, 4),
        e.BatchClosed(request="1", who="ann", batch="0"),
        answering("0", (0,), {3: (ANN,)}),
    )

    assert used(state, "g") == {3}
    assert used(state, "h") == frozenset()


def test_no_text_with_a_retired_label_is_drawn_or_measures_anybody() -> None:
    retired = e.LabelsChanged(request="1", who="ann", number=1, names=LABELS, retired=(0,))
    asked = with_gold("0", (0, 1, 2), 0, 1)
    answers = answering("0", (0, 1, 2), {0: (ANN,), 1: (vote("ann", "ham"),)})
    state = state_of(project(), told(1.0), asked, answers, retired)

    assert counted(figures(state)) == {"ann": (1, 1, 0)}
    assert (figures(state)["ann"].low, figures(state)["ann"].high) == pytest.approx((0.2065, 1), abs=1e-3)
    drawn = rows_of(mixed(state, queried("1", (3, 4, 5)), GOLD, KNOWN))
    assert {LABELS[row % 3] for row in drawn} == {"ham", "news"}


def test_figures_are_of_newest_answers_and_tell_discards_apart() -> None:
    bob = (vote("bob", "spam"), vote("carl"))
    before = answering("0", (0, 1, 2), {0: (ANN, *bob), 1: (ANN,)})
    after = answering("0", (0, 1, 2), {0: (ANN, *bob), 1: (vote("ann", "ham"),)}, 1)
    asked = with_gold("0", (0, 1, 2), 0, 1)

    told_before = figures(state_of(project(), told(), asked, before))
    told_after = figures(state_of(project(), told(), asked, before, after))

    assert counted(told_before) == {"ann": (2, 1, 0), "bob": (1, 1, 0), "carl": (0, 0, 1)}
    assert counted(told_after)["ann"] == (2, 2, 0)
    assert confusions(state_of(project(), told(), asked, before)) == {"ann": [(("ham",), ("spam",), 1)]}
    assert confusions(state_of(project(), told(), asked, before, after)) == {}
    draft = recorded(votes(0, ANN)).model_copy(
        update={"gold": (votes(0, vote("ann", "ham", "draft"), vote("bob", "ham")),)}
    )
    assert counted(figures(state_of(project(), told(), asked, draft))) == {"bob": (1, 0, 0)}
    assert figures(state_of(project(), queried(), all_answered())) == {}


def counted(found: dict[str, GoldFigures]) -> dict[str, tuple[int, int, int]]:
    return {name: (each.labels, each.right, each.discarded) for name, each in found.items()}


def test_people_have_gold_texts_among_the_others_under_numbers_beyond_every_pool() -> None:
    ham = votes(0, vote("ann", "ham"))
    state = state_of(
        project(),
        told(),
        with_gold("0", (7, 8, 9), 3, 0),
        recorded(votes(7, ANN)).model_copy(update={"gold": (ham,)}),
    )
    batch = state.batches["0"]

    asked = as_asked(batch)

    ranks = {picked.item: picked.rank for picked in asked.queried.items}
    assert ranks == {FIRST + 3: 0, FIRST + 0: 1, 7: 2, 8: 3, 9: 4}
    assert [answer.item for answer in asked.answers] == [7, FIRST]
    shown = other_numbers(state, batch)
    assert shown.keys() == {FIRST, FIRST + 3}
    assert not {*shown.values()} & batch.items
    assert max(shown.values()) < state.project.pool.size + 2
    without = state_of(project(), queried()).batches["0"]
    assert as_asked(without) is without


@pytest.mark.parametrize("kind", ["responses", "annotated"])
def test_answers_to_gold_texts_that_a_batch_does_not_have_halt(kind: str) -> None:
    stray = {"gold": (votes(5, ANN),)}
    data = (recorded() if kind == "responses" else all_answered()).model_copy(update=stray)
    history = history_of(project(), told(), with_gold("0", (0, 1, 2), 3))

    history.add(new_event(PROJECT, data, source="tests"))

    assert "[5]" in str(history.halt)


@pytest.mark.parametrize(
    ("batch", "is_sound"),
    [
        (with_gold("0", (0, 1, 2), 3, 0), True),
        (with_gold("0", (0, 1, 2), 6), False),
        (with_gold("0", (0, 1, 2), 3, 3), False),
        (with_gold("0", (0, 1, 2), 3).model_copy(update={"gold_version": "h"}), False),
        (
            with_gold("0", (0, 1, 2), 3).model_copy(
                update={"gold": (GoldItem(item=3, rank=4, labels=("spam",)),)}
            ),
            False,
        ),
    ],
)
def test_a_proof_takes_only_gold_texts_that_the_project_has(batch: e.BatchQueried, is_sound: bool) -> None:
    proof = Proof(PROJECT)
    created = new_event(PROJECT, project(), source="tests")
    proof.add(created)
    proof.add(new_event(PROJECT, told(), source="tests"))

    proof.add(new_event(PROJECT, batch, source="tests", cause=created.id))

    assert (proof.halt is None) == is_sound, proof.halt
    assert isinstance(proof.state, LoopState)
