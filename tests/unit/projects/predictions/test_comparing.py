"""What changed from one model to another."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.projects.predictions.comparing import (
    ClassChange,
    Move,
    accuracy_change,
    compare,
    mcnemar,
)
from labelloop.store.predictions import StoredPredictions
from tests.support.matrices import examples
from tests.support.predictions_recorded import Said, sayings
from tests.support.predictions_recorded import predictions as recorded
from tests.support.states import LABELS


def predictions(model: str, pool: Said, test: Said, labels: tuple[str, ...] = LABELS) -> StoredPredictions:
    return recorded(model, pool, test, dict.fromkeys(test, "spam"), labels)


BEFORE = predictions(
    "1",
    {4: ("spam", 0.9), 5: ("spam", 0.5), 6: ("ham", 0.8), 7: ("news", 0.7)},
    {0: ("ham", 0.6), 1: ("spam", 0.9)},
)
AFTER = predictions(
    "3",
    {4: ("ham", 0.6), 5: ("ham", 0.9), 6: ("ham", 0.9), 8: ("spam", 1.0)},
    {0: ("spam", 0.8), 1: ("spam", 0.9)},
)


def test_texts_that_get_another_label_are_told_the_surest_first() -> None:
    found = compare(BEFORE, AFTER, same_test_set=True)

    assert (found.before, found.after, found.compared) == ("1", "3", 3)
    assert [(flip.item, flip.before, flip.after) for flip in found.flips] == [
        (4, ("spam",), ("ham",)),
        (5, ("spam",), ("ham",)),
    ]
    assert [flip.probability_before for flip in found.flips] == pytest.approx([0.9, 0.5])
    assert [flip.probability_after for flip in found.flips] == pytest.approx([0.6, 0.9])
    assert found.moves == (Move(("spam",), ("ham",), 2),)


def test_each_class_is_counted_on_the_same_texts() -> None:
    spam, ham, news = compare(BEFORE, AFTER, same_test_set=True).classes

    assert spam == ClassChange("spam", 2, 0, 2, 2 / 3, 1.0)
    assert ham == ClassChange("ham", 1, 3, 0, 0.0, 0.0)
    assert (news.before, news.after) == (0, 0), "text 7 is not in both"


def test_the_test_set_tells_what_was_gained_and_lost() -> None:
    test = compare(BEFORE, AFTER, same_test_set=True)

    assert test.test is not None
    assert (test.test.texts, test.test.gained, test.test.lost) == (2, 1, 0)
    assert (test.test.before, test.test.after, test.test.difference) == (0.5, 1.0, 0.5)
    assert [(flip.item, flip.gold) for flip in test.test_flips] == [(0, ("spam",))]


def test_accuracies_on_different_test_sets_are_not_compared() -> None:
    found = compare(BEFORE, AFTER, same_test_set=False)

    assert found.test is None
    assert found.test_flips == ()
    assert {(each.support, each.f1_before, each.f1_after) for each in found.classes} == {(None, None, None)}
    without = compare(predictions("1", {4: ("spam", 1.0)}, {}), AFTER, same_test_set=True)
    assert (without.test, without.compared) == (None, 1)


def test_models_of_different_labels_are_compared_by_their_names() -> None:
    later = predictions("3", {4: ("bills", 0.9), 5: ("spam", 0.9)}, {}, ("bills", "spam"))

    found = compare(BEFORE, later, same_test_set=True)

    assert found.labels == ("bills", "spam", "ham", "news")
    assert [(flip.item, flip.before, flip.after) for flip in found.flips] == [(4, ("spam",), ("bills",))]
    assert {each.label: (each.before, each.after) for each in found.classes}["spam"] == (2, 1)


def test_of_several_labels_a_text_flips_if_one_of_them_does() -> None:
    before = StoredPredictions("1", True, sayings({}, gold={}), sayings({4: ("spam+ham", 0.9), 5: ("", 0.2)}))
    after = StoredPredictions("2", True, sayings({}, gold={}), sayings({4: ("spam", 0.9), 5: ("", 0.1)}))

    found = compare(before, after, same_test_set=True)

    assert [(flip.item, flip.before, flip.after) for flip in found.flips] == [(4, ("spam", "ham"), ("spam",))]


def test_the_p_value_is_that_of_a_fair_coin() -> None:
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1.0
    assert mcnemar(5, 0) == mcnemar(0, 5) == pytest.approx(2 / 2**5)
    assert mcnemar(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert 0 < mcnemar(20_000, 19_000) < 1e-5


@examples(200)
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_p_value_adds_up_all_that_is_at_least_as_extreme(gained: int, lost: int) -> None:
    n = gained + lost
    chances = [comb(n, count) / 2**n for count in range(n + 1)]
    expected = sum(
        chance for count, chance in enumerate(chances) if abs(count - n / 2) >= abs(gained - n / 2)
    )

    assert mcnemar(gained, lost) == pytest.approx(min(1.0, expected))


def test_the_interval_is_that_of_bonett_and_price() -> None:
    """Their formula, reckoned by hand: gained 9, lost 2, of 100 texts."""
    found = accuracy_change(
        np.array([True] * 80 + [True] * 2 + [False] * 18),
        np.array([True] * 80 + [False] * 2 + [True] * 9 + [False] * 9),
    )

    assert (found.gained, found.lost, found.difference) == (9, 2, 0.07)
    assert [found.low, found.high] == pytest.approx([0.000638, 0.136617], abs=1e-6)


def test_the_interval_holds_what_it_says_also_for_few_texts() -> None:
    """It holds the true difference in 95 % of all outcomes of 20 texts, weighed by their chances."""
    n, p_gained, p_lost = 20, 0.2, 0.1
    covered = 0.0
    for gained, lost in product(range(n + 1), repeat=2):
        if gained + lost > n:
            continue
        chance = (
            comb(n, gained)
            * comb(n - gained, lost)
            * p_gained**gained
            * p_lost**lost
            * (1 - p_gained - p_lost) ** (n - gained - lost)
        )
        before = np.array([False] * gained + [True] * (n - gained))
        after = np.array([True] * gained + [False] * lost + [True] * (n - gained - lost))
        found = accuracy_change(before, after)
        covered += chance * (found.low <= p_gained - p_lost <= found.high)

    assert covered > 0.945
