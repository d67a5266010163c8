"""Strategies by name: found in any case, refused early with a reason."""

from collections.abc import Mapping

import pytest

from labelloop.errors import UserError
from labelloop.learner.descriptors import StrategyPlugin
from labelloop.learner.strategies.registry import FOR_NEW, STRATEGIES, check_strategy, known_strategies
from labelloop.plugins import plain
from tests.support.messages import raises_naming


@pytest.mark.parametrize("name", ["BreakingTies", "breaking-ties", "breaking_ties", "breakingties"])
def test_a_strategy_is_found_in_any_case(name: str) -> None:
    assert check_strategy(name, {}).name == "BreakingTies"


@pytest.mark.parametrize("name", known_strategies())
def test_every_name_that_is_offered_works(name: str) -> None:
    found = check_strategy(name, {}, "transformer")

    assert plain(found.name) == plain(name)


def test_an_unknown_strategy_is_answered_with_the_one_that_was_meant_and_all_there_are() -> None:
    with raises_naming(UserError, "'breaking-tie'", "mean breaking-ties", *known_strategies()):
        check_strategy("breaking-tie", {})


@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.all().items() if strategy.unusable])
def test_a_strategy_that_cannot_work_is_refused_with_its_reason(name: str) -> None:
    with raises_naming(UserError, STRATEGIES.get(name).unusable or ""):
        check_strategy(name, {})


@pytest.mark.parametrize(
    "name", ["bald", "discriminative-representation-learning", "expected-gradient-length"]
)
def test_a_strategy_that_needs_a_network_is_refused_for_a_linear_classifier(name: str) -> None:
    with raises_naming(UserError, "linear", "--classifier", "transformer", "--strategy"):
        check_strategy(name, {}, "linear")


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with raises_naming(UserError, "'sample'", "base_query_strategy", "subsample_size"):
        check_strategy("subsampling-query-strategy", {"sample": 10})


@pytest.mark.parametrize("value", ["10", 2.5, True])
def test_a_parameter_of_another_type_is_refused(value: object) -> None:
    with raises_naming(UserError, "subsample_size", repr(value)):
        check_strategy("subsampling-query-strategy", {"subsample_size": value})


@pytest.mark.parametrize("name", known_strategies())
def test_every_strategy_can_be_given_a_shortlist(name: str) -> None:
    check_strategy(name, {"shortlist": 500})


@pytest.mark.parametrize("value", [0, -1, "10", 2.5, True])
def test_a_shortlist_that_is_no_number_of_texts_is_refused(value: object) -> None:
    with raises_naming(UserError, "shortlist", value):
        check_strategy("distinct-ties", {"shortlist": value})


def test_the_check_of_a_strategy_sees_only_its_own_parameters() -> None:
    seen: list[Mapping[str, object]] = []
    strategy = StrategyPlugin("own", "own:Own", parameters={"k": int}, check=seen.append)

    strategy.check_parameters({"k": 3, "shortlist": 500})

    assert seen == [{"k": 3}]


def test_a_wrapped_strategy_is_checked_too() -> None:
    base = "TypiClust"

    with raises_naming(UserError, STRATEGIES.get(base).unusable):
        check_strategy("class-balancer", {"base_query_strategy": base})


@pytest.mark.parametrize("name", known_strategies("multi-label"))
def test_every_name_that_is_offered_for_many_labels_works(name: str) -> None:
    found = check_strategy(name, {}, "transformer", "multi-label")

    assert plain(found.name) == plain(name)


@pytest.mark.parametrize(
    ("name", "task", "other"),
    [
        ("breaking-ties", "multi-label", "single-label"),
        ("adaptive-active-learning", "single-label", "multi-label"),
        ("distinct-labels", "single-label", "multi-label"),
    ],
)
def test_a_strategy_for_the_other_task_is_refused_with_the_reason(name: str, task: str, other: str) -> None:
    with raises_naming(UserError, STRATEGIES.get(name).name, f"for {other} tasks", task):
        check_strategy(name, {}, None, task)


@pytest.mark.parametrize("task", ["single-label", "multi-label"])
def test_what_a_new_project_uses_is_for_its_task(task: str) -> None:
    check_strategy(FOR_NEW[task], {}, "transformer", task)
    check_strategy("subsampling-query-strategy", {}, "linear", task)


def test_a_wrapped_strategy_is_for_the_task_too() -> None:
    with raises_naming(UserError, "BreakingTies", "single-label"):
        check_strategy(
            "subsampling-query-strategy", {"base_query_strategy": "breaking-ties"}, task="multi-label"
        )
