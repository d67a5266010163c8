"""Query strategies by name, checked without loading them."""

from collections.abc import Mapping
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.classifier_spec import MULTI_LABEL, SINGLE_LABEL
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.descriptors import StrategyPlugin
from labelloop.plugins import Plugins, near
from schemas.parts import Task

STRATEGIES = Plugins("labelloop.strategies", StrategyPlugin, "strategy")
BASE = "base_query_strategy"
DEFAULT = "breaking-ties"
WRAPPED: Mapping[Task, str] = {SINGLE_LABEL: DEFAULT, MULTI_LABEL: "distinct-labels"}
"""What a wrapping strategy uses unless a parameter names another."""
FOR_NEW: Mapping[Task, str] = {SINGLE_LABEL: "diverse-ties", MULTI_LABEL: "distinct-labels"}
"""What a new project uses unless it names another."""


def known_strategies(task: Task = SINGLE_LABEL) -> tuple[str, ...]:
    """Names of the strategies that work here for a task, in kebab case."""
    return tuple(
        name
        for name, strategy in STRATEGIES.all().items()
        if strategy.unusable is None and task in strategy.tasks
    )


def check_strategy(
    name: str, parameters: Mapping[str, Any], classifier: str | None = None, task: Task = SINGLE_LABEL
) -> StrategyPlugin:
    """A strategy by name, in any case.

    Raises UserError if it cannot work, or not for the task, or not with the classifier.
    """
    strategy = STRATEGIES.get(name)
    offer = near(name, known_strategies(task), WRAPPED[task])
    if strategy.unusable is not None:
        raise UserError(f"{strategy} cannot be used: {strategy.unusable}; use {offer}")
    strategy.check_task(task, offer)
    if classifier is not None and strategy.needs:
        classifiers = CLASSIFIERS.all()
        able = [
            other
            for other, each in classifiers.items()
            if strategy.needs <= each.offers and task in each.tasks
        ]
        strategy.check_classifier(CLASSIFIERS.get(classifier), " or ".join(able))
    strategy.check_parameters(parameters)
    if BASE in strategy.parameters:
        check_strategy(base_name(parameters, task), {}, classifier, task)
    return strategy


def base_name(parameters: Mapping[str, Any], task: Task = SINGLE_LABEL) -> str:
    """The strategy that a wrapping strategy uses: that of the task, unless a parameter names another."""
    return str(parameters.get(BASE, WRAPPED[task]))
