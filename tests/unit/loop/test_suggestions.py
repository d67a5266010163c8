"""Of which texts machines are asked, what people are shown, and which votes machines have."""

from typing import Any

import pytest

from labelloop.loop.label_lists import label_list
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import (
    by_people,
    is_any_machine_chosen,
    machine_votes,
    next_suggestions,
    shown_by_machines,
    spent,
    suggester_at,
)
from schemas import events as e
from schemas.parts import QueriedItem
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
    votes,
)

REASONS = ("uncertain", "audit", "cold-start", "relabel", "given")


def of_all_reasons() -> e.BatchQueried:
    picked = (QueriedItem(item=rank, rank=rank, reason=reason) for rank, reason in enumerate(REASONS))
    return e.BatchQueried(batch="0", items=tuple(picked), seed=0, pool_version="d", seconds=0)


def due(*told: e.EventData) -> tuple[str, tuple[int, ...]] | None:
    work = next_suggestions(state_of(project(), *told))
    return None if work is None else (work.batch, work.items)


def shown(state: LoopState, batch: str = "0") -> dict[int, tuple[str, ...]]:
    return {
        item: said[1] for item, said in shown_by_machines(state.batches[batch], label_list(state)).items()
    }


def test_nobody_is_asked_unless_a_project_chose_a_machine() -> None:
    assert due(queried()) is None
    assert due(suggester("model"), queried()) is None
    assert due(suggester(), queried()) == ("0", (0, 1, 2))
    assert not is_any_machine_chosen(state_of(project(), suggester("model")))
    assert is_any_machine_chosen(state_of(project(), suggester()))


def test_a_suggester_holds_from_its_batch_on_until_another_is_chosen() -> None:
    told = (suggester("llm", 1), suggester("rules", 3), suggester("model", 4))
    state = state_of(project(), *told)

    assert [suggester_at(state, batch).choice.name for batch in range(5)] == [
        *("model", "llm", "llm", "rules", "model")
    ]
    assert due(*told, queried(), queried("1", (3, 4))) == ("1", (3, 4))


def test_what_was_said_of_a_text_is_not_asked_again() -> None:
    told = (suggester(), queried(), suggestions(item_0="spam", item_1=None))

    assert due(*told) == ("0", (2,))
    assert due(*told, suggestions(number=1, item_2="ham")) is None


@pytest.mark.parametrize(
    "over",
    [
        all_answered(),
        e.BatchClosed(request="1", who="olga", batch="0"),
        e.ProjectEnded(request="1", who="olga"),
    ],
)
def test_of_what_nobody_labels_any_more_no_machine_is_asked(over: e.EventData) -> None:
    assert due(suggester(), queried(), over) is None


def test_audit_texts_are_asked_about_and_show_nothing_and_other_reasons_are_left_alone() -> None:
    told = (suggester(votes=True), of_all_reasons())
    said = suggestions(item_0="spam", item_1="spam", item_2="ham")
    state = state_of(project(), *told, said)

    assert due(*told) == ("0", (0, 1, 2))
    assert shown(state) == {0: ("spam",), 2: ("ham",)}
    assert machine_votes(state, state.batches["0"]).keys() == {0, 2}


def test_a_retired_label_is_not_shown() -> None:
    retired = e.LabelsChanged(request="1", who="olga", number=1, names=("spam", "ham", "news"), retired=(0,))
    state = state_of(project(), suggester(), queried(), suggestions(item_0="spam", item_1="ham"), retired)

    assert shown(state) == {1: ("ham",)}


@pytest.mark.parametrize(
    ("limits", "costs", "asked"),
    [
        ({}, (9.0,), ("0", (1, 2))),
        ({"max_cost": 1.0}, (0.5,), ("0", (1, 2))),
        ({"max_cost": 1.0}, (1.0,), None),
        ({"max_batch_cost": 1.0}, (1.5,), ("1", (3, 4))),
        ({"max_cost": 2.0, "max_batch_cost": 1.0}, (1.5,), ("1", (3, 4))),
        ({"max_cost": 1.5, "max_batch_cost": 1.0}, (1.5,), None),
    ],
)
def test_no_machine_is_asked_once_the_money_is_spent(
    limits: dict[str, Any], costs: tuple[float], asked: object
) -> None:
    chosen = suggester("llm", **limits)
    told = (chosen, queried(), queried("1", (3, 4)), suggestions(cost=costs[0], item_0="spam"))

    assert due(*told) == asked
    assert spent(*state_of(project(), *told).batches.values()).cost == costs[0]


def test_a_raised_limit_holds_for_open_batches_too_and_another_suggesters_does_not() -> None:
    told = (suggester("llm", max_cost=1.0), queried(), suggestions(cost=1.0, item_0="spam"))

    assert due(*told) is None
    assert due(*told, suggester("llm", 1, max_cost=2.0)) == ("0", (1, 2))
    assert due(*told, suggester("other", 1, max_cost=2.0)) is None


def test_a_machine_votes_only_where_the_project_says_so() -> None:
    told = (queried(), suggestions(item_0="spam", item_1=None))
    silent, voting = (
        state_of(project(), suggester(), *told),
        state_of(project(), suggester(votes=True), *told),
    )

    assert machine_votes(silent, silent.batches["0"]) == {}
    assert machine_votes(voting, voting.batches["0"]) == {0: machine("spam")}


def test_once_a_batch_is_done_the_votes_that_were_counted_stay() -> None:
    done = annotated(answered(0, vote("ann", "ham"), machine("spam")), answered(1, vote("ann", "ham")))
    state = state_of(
        project(),
        suggester(votes=True),
        queried(items=(0, 1)),
        done,
        suggestions(item_0="news", item_1="news"),
    )

    assert machine_votes(state, state.batches["0"]) == {0: machine("spam")}


def test_people_are_told_from_machines() -> None:
    ann = vote("ann", "ham")

    assert by_people(votes(0, ann, machine("spam"))) == votes(0, ann)
    assert by_people(votes(0, ann)) == votes(0, ann)
    assert by_people(votes(0, machine("spam"))) == votes(0)
