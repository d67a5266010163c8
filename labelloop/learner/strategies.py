"""Query strategies by name, checked without loading them."""

from collections.abc import Mapping
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.descriptors import StrategyPlugin
from labelloop.plugins import Plugins, near

STRATEGIES = Plugins("labelloop.strategies", StrategyPlugin, "strategy")
BASE = "base_query_strategy"
DEFAULT = "breaking-ties"


def known_strategies() -> tuple[str, ...]:
    """Names of the strategies that work here, in kebab case."""
    return tuple(name for name, strategy in STRATEGIES.all().items() if strategy.unusable is None)


def check_strategy(name: str, parameters: Mapping[str, Any], classifier: str | None = None) -> StrategyPlugin:
    """A strategy by name, in any case. Raises UserError if it cannot work, or not with the classifier."""
    strategy = STRATEGIES.get(name)
    if strategy.unusable is not None:
        offer = near(name, known_strategies(), DEFAULT)
        raise UserError(f"{strategy} cannot be used: {strategy.unusable}; use {offer}")
    if classifier is not None and strategy.needs:
        known = CLASSIFIERS.all()
        able = [other for other, each in known.items() if strategy.needs <= each.offers]
        strategy.check_classifier(CLASSIFIERS.get(classifier), " or ".join(able))
    strategy.check_parameters(parameters)
    if BASE in strategy.parameters:
        check_strategy(base_name(parameters), {}, classifier)
    return strategy


def base_name(parameters: Mapping[str, Any]) -> str:
    """The strategy that a wrapping strategy uses: breaking ties, unless a parameter names another."""
    return str(parameters.get(BASE, DEFAULT))
