"""Strategies by name: found in any case, refused early with a reason."""

import re

import pytest

from labelloop.errors import UserError
from labelloop.learner.named import kebab
from labelloop.learner.strategies import STRATEGIES, check_strategy, known_strategies


@pytest.mark.parametrize("name", ["BreakingTies", "breaking-ties", "breaking_ties", "breakingties"])
def test_a_strategy_is_found_in_any_case(name: str) -> None:
    assert check_strategy(name, {}) == "BreakingTies"


@pytest.mark.parametrize("name", known_strategies())
def test_every_name_that_is_offered_works(name: str) -> None:
    found = check_strategy(name, {}, "transformer")

    assert kebab(found) == name


def test_an_unknown_strategy_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(UserError, match=r"no strategy 'breaking-tie'.*breaking-ties"):
        check_strategy("breaking-tie", {})


@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.items() if strategy.unusable])
def test_a_strategy_that_cannot_work_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(UserError, match=re.escape(STRATEGIES[name].unusable or "")):
        check_strategy(name, {})


@pytest.mark.parametrize("name", ["bald", "discriminative-representation-learning"])
def test_a_strategy_that_needs_a_network_is_refused_for_a_linear_classifier(name: str) -> None:
    with pytest.raises(UserError, match="classifier linear"):
        check_strategy(name, {}, "linear")


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="no parameter 'sample'; it has: base_query_strategy, subsample_size"):
        check_strategy("subsampling-query-strategy", {"sample": 10})


@pytest.mark.parametrize("value", ["10", 2.5, True])
def test_a_parameter_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(UserError, match="subsample_size"):
        check_strategy("subsampling-query-strategy", {"subsample_size": value})


def test_a_wrapped_strategy_is_checked_too() -> None:
    with pytest.raises(UserError, match="multi-label"):
        check_strategy("class-balancer", {"base_query_strategy": "adaptive-active-learning"})
