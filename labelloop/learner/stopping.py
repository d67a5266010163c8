"""Stopping criteria by name, checked without loading them."""

from collections.abc import Mapping
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.descriptors import StoppingPlugin
from labelloop.plugins import Plugins

CRITERIA = Plugins("labelloop.stopping", StoppingPlugin, "stopping criterion")
DEFAULT = "kappa-average"
NONE = "none"


def known_criteria() -> tuple[str, ...]:
    """Their names in kebab case."""
    return tuple(CRITERIA.all())


def check_stopping(name: str, parameters: Mapping[str, Any]) -> StoppingPlugin | None:
    """A criterion by its name in any case; None for `none`. Raises UserError for a wrong one."""
    if name.lower() == NONE:
        if parameters:
            raise UserError(
                "--stopping none takes no --stopping-parameter: leave it out, or name a criterion"
            )
        return None
    criterion = CRITERIA.get(name)
    criterion.check_parameters(parameters)
    return criterion


def past(criterion: StoppingPlugin, parameters: Mapping[str, Any]) -> int:
    """How many models before one a criterion looks at."""
    return int(parameters.get(criterion.window, criterion.past)) if criterion.window else criterion.past


def check_classes(name: str, parameters: Mapping[str, Any], labels: int) -> None:
    """Check a criterion against the number of labels. Raises UserError."""
    criterion = check_stopping(name, parameters)
    if criterion is not None and criterion.two_labels and labels != 2:
        raise UserError(
            f"{criterion} is for two labels, and there are {labels}: give another --stopping, as {DEFAULT}"
        )
