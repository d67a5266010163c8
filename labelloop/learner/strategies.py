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
    found = STRATEGIES.get(name)
    if found.unusable is not None:
        offer = near(name, known_strategies(), DEFAULT)
        raise UserError(f"{found} cannot be used: {found.unusable}; use {offer}")
    if classifier is not None and found.needs:
        known = CLASSIFIERS.all()
        able = [other for other, each in known.items() if found.needs <= each.offers]
        found.check_classifier(CLASSIFIERS.get(classifier), " or ".join(able))
    found.check_parameters(parameters)
    if BASE in found.parameters:
        check_strategy(base_name(parameters), {}, classifier)
    return found


def base_name(parameters: Mapping[str, Any]) -> str:
    """The strategy that a wrapping strategy uses: breaking ties, unless a parameter names another."""
    return str(parameters.get(BASE, DEFAULT))
