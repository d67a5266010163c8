"""What votes come to."""

import pytest

from labelloop.loop.verdict import verdict, withdrawn
from schemas.parts import Vote
from tests.support.states import chosen, machine, project, vote, votes

SPAM, HAM, NEWS = vote("ann", "spam"), vote("bob", "ham"), vote("cid", "news")


def test_one_annotator_decides_where_one_is_enough() -> None:
    decided = verdict(votes(7, SPAM), project())

    assert decided is not None
    assert (decided.item, decided.labels, decided.discarded, decided.agreement) == (7, ("spam",), False, None)
    assert (decided.record, decided.votes) == ("r-7", (SPAM,))


@pytest.mark.parametrize("given", [(), (SPAM,), (vote("ann"),), (SPAM, vote("bob", "ham", "draft"))])
def test_too_few_deciding_votes_decide_nothing(given: tuple[Vote, ...]) -> None:
    assert verdict(votes(7, *given), project(min_submitted=2)) is None


def test_the_majority_wins_and_its_share_is_recorded() -> None:
    decided = verdict(votes(7, HAM, vote("dan", "ham"), SPAM), project(min_submitted=3))

    assert decided is not None
    assert decided.labels == ("ham",)
    assert decided.agreement == pytest.approx(2 / 3)


@pytest.mark.parametrize("given", [(SPAM, HAM), (HAM, SPAM), (NEWS, HAM, SPAM)])
def test_a_tie_goes_to_the_first_of_the_projects_labels(given: tuple[Vote, ...]) -> None:
    decided = verdict(votes(7, *given), project(min_submitted=2))

    assert decided is not None
    assert decided.labels == ("spam",)
    assert decided.agreement == pytest.approx(1 / len(given))


def test_a_tie_is_discarded_where_the_project_says_so() -> None:
    decided = verdict(votes(7, SPAM, HAM), project(min_submitted=2, ties="discard"))

    assert decided is not None
    assert (decided.labels, decided.discarded, decided.agreement) == ((), True, 0.5)


def test_a_majority_is_no_tie() -> None:
    given = votes(7, SPAM, HAM, vote("dan", "ham"))

    decided = verdict(given, project(min_submitted=2, ties="discard"))

    assert decided is not None
    assert (decided.labels, decided.discarded) == (("ham",), False)


@pytest.mark.parametrize(
    ("given", "discarded"),
    [
        ((vote("ann"),), True),
        ((vote("ann"), HAM), True),
        ((vote("ann"), HAM, NEWS), False),
        ((vote("ann"), vote("dan"), HAM, NEWS), True),
    ],
)
def test_half_of_the_deciding_votes_discard_a_text(given: tuple[Vote, ...], discarded: bool) -> None:
    decided = verdict(votes(7, *given), project())

    assert decided is not None
    assert decided.discarded == discarded
    assert bool(decided.labels) != discarded


def test_a_label_under_a_discard_does_not_count() -> None:
    decided = verdict(votes(7, vote("ann", "spam", "discarded")), project())

    assert decided is not None
    assert (decided.labels, decided.discarded) == ((), True)


def test_a_draft_has_no_part_in_the_majority() -> None:
    drafts = (vote("dan", "ham", "draft"), vote("eve", "ham", "draft"))

    decided = verdict(votes(7, SPAM, *drafts), project())

    assert decided is not None
    assert (decided.labels, decided.agreement) == (("spam",), None)
    assert len(decided.votes) == 3


def test_a_label_that_the_project_does_not_know_loses_a_tie() -> None:
    decided = verdict(votes(7, vote("ann", "other"), NEWS), project(min_submitted=2))

    assert decided is not None
    assert decided.labels == ("news",)


def test_a_withdrawn_text_is_neither_labelled_nor_discarded() -> None:
    taken_back = withdrawn(votes(7, vote("ann", "spam", "draft")))

    assert (taken_back.labels, taken_back.discarded, taken_back.agreement) == ((), False, None)
    assert len(taken_back.votes) == 1


SEVERAL = project(task="multi-label", min_submitted=2)


@pytest.mark.parametrize(
    ("given", "labels", "agreement"),
    [
        pytest.param([("spam", "news"), ("spam",)], ("spam",), (1 / 2 + 1) / 2, id="a tie leaves it out"),
        pytest.param([("news", "spam"), ("spam", "news")], ("spam", "news"), 1.0, id="the project's order"),
        pytest.param([("spam",), ("news",)], (), 0.0, id="ties alone leave none"),
        pytest.param([(), ()], (), 1.0, id="that none fits"),
        pytest.param(
            [("spam", "ham"), ("ham",), ("news",)], ("ham",), (1 / 2 + 1 + 0) / 3, id="more than half"
        ),
        pytest.param([("spam", "other"), ("spam", "other")], ("spam",), 1 / 2, id="no label of the project"),
    ],
)
def test_of_several_labels_each_needs_more_than_half_of_the_votes(
    given: list[tuple[str, ...]], labels: tuple[str, ...], agreement: float
) -> None:
    cast = [chosen(name, *answer) for name, answer in zip("abc", given, strict=False)]

    decided = verdict(votes(7, *cast), SEVERAL)

    assert decided is not None
    assert (decided.labels, decided.discarded) == (labels, False)
    assert bool(decided.none) == (not labels)
    assert decided.agreement == pytest.approx(agreement)


def test_several_labels_are_discarded_and_wait_as_one_does() -> None:
    one, discarded = chosen("ann", "spam"), vote("bob")

    assert verdict(votes(7, one), SEVERAL) is None
    both = verdict(votes(7, one, discarded), SEVERAL)
    assert both is not None
    assert both.discarded
    assert not both.none
    assert not withdrawn(votes(7, one)).none


def test_a_text_of_an_overlap_is_decided_by_two_as_where_all_texts_are() -> None:
    once, twice = votes(7, SPAM), votes(7, SPAM, HAM)

    assert verdict(once, project(), wanted=2) is None
    assert verdict(twice, project(), wanted=2) == verdict(twice, project(min_submitted=2))
    assert verdict(twice, project(ties="discard"), 2) == verdict(
        twice, project(min_submitted=2, ties="discard")
    )


# Machines


def test_a_machine_alone_decides_nothing() -> None:
    assert verdict(votes(7, machine("spam")), project()) is None
    assert verdict(votes(7, machine("spam"), vote("ann", "ham", "draft")), project()) is None
    assert verdict(votes(7, machine("spam"), SPAM), project(min_submitted=2)) is None


@pytest.mark.parametrize(
    ("given", "label", "agreement"),
    [
        ((SPAM, machine("spam")), "spam", 1.0),
        ((HAM, machine("spam")), "ham", 0.5),
        ((machine("spam"), HAM), "ham", 0.5),
        ((SPAM, HAM, machine("ham")), "ham", 2 / 3),
        ((SPAM, HAM, machine("news")), "spam", 1 / 3),
        ((HAM, vote("dan", "ham"), machine("spam")), "ham", 2 / 3),
        ((SPAM, HAM, vote("dan", "ham"), machine("spam")), "ham", 0.5),
    ],
)
def test_a_machine_has_one_vote_and_never_outweighs_as_many_people(
    given: tuple[Vote, ...], label: str, agreement: float
) -> None:
    decided = verdict(votes(7, *given), project())

    assert decided is not None
    assert (decided.labels, decided.votes) == ((label,), given)
    assert decided.agreement == pytest.approx(agreement)


def test_a_machine_saves_no_text_that_people_discard() -> None:
    decided = verdict(votes(7, vote("ann"), machine("spam")), project())

    assert decided is not None
    assert decided.discarded


@pytest.mark.parametrize(
    ("people", "labels"),
    [
        ((("spam",),), ("spam",)),
        (((),), ()),
        ((("spam",), ("news",)), ("spam",)),
        ((("news",), ("ham",)), ()),
    ],
)
def test_of_several_labels_a_machine_decides_only_between_people(
    people: tuple[tuple[str, ...], ...], labels: tuple[str, ...]
) -> None:
    given = [chosen(f"p{number}", *each) for number, each in enumerate(people)]

    decided = verdict(votes(7, *given, machine("spam")), project(task="multi-label"))

    assert decided is not None
    assert decided.labels == labels
