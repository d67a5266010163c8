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
    """Names of the stopping criteria, in kebab case."""
    return tuple(CRITERIA.all())


def check_stopping(name: str, parameters: Mapping[str, Any]) -> StoppingPlugin | None:
    """A criterion by name, in any case; None for `none`. Raises UserError for an unknown one."""
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
    """How many earlier models a criterion needs."""
    return int(parameters.get(criterion.window, criterion.past)) if criterion.window else criterion.past


def check_classes(name: str, parameters: Mapping[str, Any], labels: int) -> None:
    """Check a criterion against the number of labels. Raises UserError."""
    criterion = check_stopping(name, parameters)
    if criterion is not None and criterion.two_labels and labels != 2:
        raise UserError(
            f"{criterion} is for two labels, but there are {labels}: "
            f"give another --stopping, such as {DEFAULT}"
        )
