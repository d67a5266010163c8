"""Labels from the recorded answers."""

import pytest

from labelloop.loop.digest import learned_digest
from labelloop.loop.labels import at_revisions, current, ignored_at, is_learnable
from labelloop.loop.schedule import next_model
from labelloop.loop.view import ProjectView
from schemas import events as e
from schemas.parts import AnnotatedItem
from tests.support.states import annotated, answered, of_several, project, queried, state_of, vote

SEVERAL = project(task="multi-label")
WITHDRAWN = AnnotatedItem(item=2, record="r-2")


def test_that_no_label_fits_is_a_label_and_no_withdrawal() -> None:
    answers = annotated(of_several(0, "spam", "news"), of_several(1), WITHDRAWN)
    state = state_of(SEVERAL, queried(), answers)

    assert current(state) == {0: ("spam", "news"), 1: ()}
    assert ignored_at(state, {"0": 0}) == (2,)
    assert ProjectView(state).batches["0"].labels == current(state)


def test_that_no_label_fits_has_another_digest_than_a_withdrawal() -> None:
    def digest(*answers: AnnotatedItem) -> str:
        return learned_digest(state_of(SEVERAL, queried(), annotated(*answers)), {"0": 0})

    whole = [of_several(0, "spam"), of_several(1, "ham")]

    assert digest(*whole, of_several(2)) != digest(*whole, WITHDRAWN)


def test_a_withdrawn_answer_is_replaced_by_that_none_fits() -> None:
    before = annotated(of_several(0, "spam"), of_several(1, "ham"), WITHDRAWN)
    after = annotated(of_several(0, "spam"), of_several(1, "ham"), of_several(2), revision=1)

    state = state_of(SEVERAL, queried(), before, after)

    assert at_revisions(state, {"0": 0}).keys() == {0, 1}
    assert at_revisions(state, {"0": 1})[2] == ()


@pytest.mark.parametrize(
    ("given", "learnable"),
    [
        ([("spam",), ("ham",)], True),
        ([("spam",), ()], True),
        ([("spam", "ham"), ("spam",)], True),
        ([("spam", "ham"), ("spam", "ham")], False),
        ([(), ()], False),
        ([], False),
    ],
)
def test_several_labels_are_learned_from_a_yes_and_a_no(
    given: list[tuple[str, ...]], learnable: bool
) -> None:
    assert is_learnable(dict(enumerate(given)), SEVERAL) == learnable


def test_one_label_a_text_is_learned_from_two_classes() -> None:
    assert is_learnable({0: ("spam",), 1: ("ham",)}, project())
    assert not is_learnable({0: ("spam",), 1: ("spam",)}, project())


def test_no_model_is_trained_before_a_label_has_a_yes_and_a_no() -> None:
    def model(*answers: AnnotatedItem) -> object:
        return next_model(state_of(SEVERAL, queried(items=(0, 1)), annotated(*answers)))

    assert model(of_several(0, "spam"), of_several(1, "spam")) is None
    assert model(of_several(0, "spam"), of_several(1)) is not None


def test_of_one_label_what_was_left_unsaid_is_a_withdrawal() -> None:
    state = state_of(
        project(),
        queried(items=(0,)),
        annotated(answered(0, vote("ann", "spam"))),
        e.BatchAnnotated(batch="0", revision=1, items=(AnnotatedItem(item=0, record="r-0"),)),
    )

    assert current(state) == {}
