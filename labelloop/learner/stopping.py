"""small-text's stopping criteria by name, checked without loading small-text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.named import check_parameter, find, kebab

DEFAULT = "kappa-average"
NONE = "none"


@dataclass(frozen=True)
class Criterion:
    """A stopping criterion: its parameters with their types, and those that have no default.

    `past`: to how many models before it compares one, unless a `window_size` says it.
    """

    parameters: Mapping[str, type]
    needed: tuple[str, ...] = ()
    two_classes: bool = False
    past: int = 0


CRITERIA: Mapping[str, Criterion] = {
    "KappaAverage": Criterion({"window_size": int, "kappa": float}, past=3),
    "DeltaFScore": Criterion({"window_size": int, "threshold": float}, two_classes=True, past=3),
    "ClassificationChange": Criterion({"threshold": float}, past=1),
    "OverallUncertainty": Criterion({"threshold": float}),
    "MaxIterations": Criterion({"max_iterations": int}, needed=("max_iterations",)),
}


def known_criteria() -> tuple[str, ...]:
    """Their names in kebab case."""
    return tuple(map(kebab, CRITERIA))


def check_stopping(name: str, parameters: Mapping[str, Any]) -> str | None:
    """The class name of a criterion given in any case; None for `none`. Raises UserError for a wrong one."""
    if name.lower() == NONE:
        if parameters:
            raise UserError(
                "--stopping none takes no --stopping-parameter: leave it out, or name a criterion"
            )
        return None
    found = find("stopping criterion", name, CRITERIA, known_criteria(), DEFAULT)
    criterion, owner = CRITERIA[found], f"stopping criterion {found}"
    for parameter, value in parameters.items():
        check_parameter(owner, criterion.parameters, parameter, value)
        _check_range(owner, criterion.parameters[parameter], parameter, value)
    for parameter in criterion.needed:
        if parameter not in parameters:
            raise UserError(f"{owner} needs a parameter: give --stopping-parameter {parameter}=…")
    return found


def past(name: str, parameters: Mapping[str, Any]) -> int:
    """How many models before one a criterion (by its class name) looks at."""
    return int(parameters.get("window_size", CRITERIA[name].past))


def check_classes(name: str, parameters: Mapping[str, Any], labels: int) -> None:
    """Check a criterion against the number of labels. Raises UserError."""
    found = check_stopping(name, parameters)
    if found is not None and CRITERIA[found].two_classes and labels != 2:
        raise UserError(
            f"stopping criterion {found} is for two labels, and there are {labels}: "
            f"give another --stopping, as {DEFAULT}"
        )


def _check_range(owner: str, kind: type, parameter: str, value: float) -> None:
    if kind is int and value < 1:
        raise UserError(f"parameter {parameter} of {owner} is {value}; give 1 or more")
    if kind is float and not (0 <= value < 1 or (value == 1 and parameter == "kappa")):
        raise UserError(f"parameter {parameter} of {owner} is {value}; give a share from 0 to 1")
