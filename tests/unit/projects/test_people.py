"""Who is known, and who can still answer."""

import pytest

from labelloop.errors import UserError
from labelloop.loop.history import History
from labelloop.projects.catalog import standings
from labelloop.projects.people import check_known, check_others_can_answer, too_few
from schemas.events import AnnotatorChanged, EventData, ProjectChangedV2
from schemas.parts import SettingsV2
from tests.support.messages import raises_naming
from tests.support.states import PROJECT, all_answered, history_of, project, queried

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


def test_a_project_that_wants_more_people_than_there_are_is_told() -> None:
    assert list(too_few(histories(), ROLES)) == []
    assert len(list(too_few(histories(said("bob")), ROLES))) == 1


@pytest.mark.parametrize("last", ["there", "removed"])
def test_what_was_said_last_in_any_project_holds(last: str) -> None:
    """A command that was killed told some projects alone."""
    earlier = history_of(project(), said("ann"))
    later = history_of(project(), queried(), said("ann", last, "2"))

    for order in ([earlier, later], [later, earlier]):
        found = standings({str(number): each for number, each in enumerate(order)})
        assert found["ann"].word == last
