"""Who is known, and who can still answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.loop.history import History
from labelloop.projects.catalog import created, standings
from labelloop.projects.people import Later, Stuck, check_known, check_others_can_answer, stuck
from schemas.events import AnnotatorChanged, EventData, ProjectChangedV2, ProjectChangedV3
from schemas.parts import SettingsV2, SettingsV3
from tests.support.messages import names, raises_naming
from tests.support.states import (
    PROJECT,
    all_answered,
    history_of,
    project,
    queried,
    recorded,
    vote,
    votes,
)

ANN_ALONE = ProjectChangedV2(
    request="annotators", who="ada", from_batch=0, settings=SettingsV2(annotators=("ann",))
)
ROLES = {"owner": "owner", "ann": "annotator", "bob": "annotator"}


def said(name: str, standing: str = "disabled", request: str = "1") -> AnnotatorChanged:
    return AnnotatorChanged(request=f"{request} {name}", who="ada", annotator=name, standing=standing)


def histories(*facts: EventData) -> dict[str, History]:
    return {PROJECT: history_of(project(min_submitted=2), queried(), all_answered(), *facts)}


def test_who_labelled_and_who_has_an_account_is_known() -> None:
    check_known("ann", histories(), None)
    check_known("bob", histories(), ROLES)


def test_an_unknown_name_is_told_with_those_that_there_are() -> None:
    with raises_naming(UserError, "'bo'", "ann", "bob"):
        check_known("bo", histories(), ROLES)
    with raises_naming(UserError, "'bob'", "ann"):
        check_known("bob", histories(), None)


def test_an_owner_is_no_annotator() -> None:
    with raises_naming(UserError, "owner"):
        check_known("owner", histories(), ROLES)


def test_the_last_annotator_stays_unless_it_is_forced() -> None:
    check_others_can_answer("ann", histories(), ROLES)

    with raises_naming(UserError, "ann", "--force"):
        check_others_can_answer("ann", histories(said("bob")), ROLES)


def test_the_last_annotator_of_a_project_of_its_own_stays() -> None:
    with raises_naming(UserError, "ann", PROJECT):
        check_others_can_answer("ann", histories(ANN_ALONE), ROLES)


OVERLAP = ProjectChangedV3(request="o", who="ada", from_batch=1, settings=SettingsV3(overlap=0.5))


@pytest.mark.parametrize(
    ("facts", "settings", "later"),
    [
        ((), {"min_submitted": 2}, None),
        ((said("bob"),), {"min_submitted": 2}, Later(1.0, 2, 1)),
        ((said("bob"),), {"min_submitted": 2, "max_batches": 1}, None),
        ((OVERLAP, said("bob")), {}, Later(0.5, 2, 1)),
        ((OVERLAP, said("bob"), said("ann", request="2")), {}, Later(1.0, 1, 0)),
    ],
    ids=["enough", "each text wants two", "no later batch", "some texts want two", "nobody for any text"],
)
def test_later_batches_that_want_more_people_than_there_are_are_told(
    facts: tuple[EventData, ...], settings: dict[str, Any], later: Later | None
) -> None:
    """All texts that were picked are answered, so that none waits."""
    history = history_of(project(**settings), queried(), all_answered(), *facts)

    waits = stuck(history, {PROJECT: history}, ROLES)

    assert (waits and waits.later) == later
    assert waits is None or (waits.texts == {} and names(waits.line, "bob is disabled"))


@pytest.mark.parametrize("last", ["there", "removed"])
def test_what_was_said_last_in_any_project_holds(last: str) -> None:
    """A command that was killed told some projects alone."""
    earlier = history_of(project(), said("ann"))
    later = history_of(project(), queried(), said("ann", last, "2"))

    for order in ([earlier, later], [later, earlier]):
        found = standings({str(number): each for number, each in enumerate(order)})
        assert found["ann"].word == last


def waiting_for(*facts: EventData, roles: Mapping[str, str] | None = ROLES, **settings: Any) -> Stuck | None:
    """Of three texts ann answered one and bob another, the third nobody."""
    given = recorded(votes(0, vote("ann", "spam")), votes(1, vote("bob", "ham")))
    history = history_of(project(**settings), queried(), given, *facts)
    return stuck(history, {PROJECT: history}, roles)


def test_texts_wait_for_ever_for_people_who_were_kept_from_answering() -> None:
    waits = waiting_for(said("bob"), min_submitted=2)

    assert waits is not None
    assert (waits.texts, waits.barred, waits.is_sure) == ({"0": 2}, {"bob": "disabled"}, True)
    assert names(waits.line, 2, "batch 0", "bob is disabled")
    history = history_of(project(min_submitted=2), queried(), said("bob"))
    commands = [step.split("`")[1] for step in waits.steps(created(history))]
    assert commands == [
        "labelloop annotators enable bob",
        "labelloop annotators add NAME",
        "labelloop close 0 --project mail",
        "labelloop change mail --min-submitted 1",
    ]


def test_who_was_removed_is_not_enabled_and_accounts_may_be_unknown() -> None:
    waits = waiting_for(said("bob", "removed"), roles=None, min_submitted=2)

    assert waits is not None
    assert not waits.is_sure
    assert not names("; ".join(waits.steps(created(history_of(project())))), "enable")


def test_a_project_of_people_who_are_all_kept_from_answering_waits_for_others() -> None:
    history = history_of(project(), ANN_ALONE, queried(), said("ann"))

    waits = stuck(history, {PROJECT: history}, ROLES)

    assert waits is not None
    assert waits.texts == {"0": 3}
    assert names("; ".join(waits.steps(created(history))), "--annotators")


@pytest.mark.parametrize(
    ("facts", "settings"),
    [
        ((), {"min_submitted": 2}),
        ((said("bob"),), {"min_submitted": 1}),
        ((said("carol"),), {"min_submitted": 2}),
        ((said("bob"), said("bob", "there", "2")), {"min_submitted": 2}),
    ],
    ids=["nobody was", "one is enough", "two others are there", "enabled again"],
)
def test_texts_that_people_can_answer_do_not(facts: tuple[EventData, ...], settings: dict[str, Any]) -> None:
    assert waiting_for(*facts, **settings) is None
