"""The stopping criteria that come with labelloop, ours and small-text's.

Each is declared here, and an entry point in pyproject.toml names it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.descriptors import MANY_LABELS, ONE_LABEL, Check, StoppingPlugin
from labelloop.plugins import plain

CLASSES = "labelloop.learner.stopping.criteria"


def _ranges(name: str, most_included: bool = False) -> Check:
    """A check of parameters: counts are 1 or more, shares are from 0 to 1 (1 only with `most_included`)."""
    return partial(_check_ranges, f"stopping criterion {name}", most_included)


def _check_ranges(owner: str, most_included: bool, parameters: Mapping[str, Any]) -> None:
    for parameter, value in parameters.items():
        if isinstance(value, int) and parameter in ("window_size", "max_iterations"):
            if value < 1:
                raise UserError(f"parameter {parameter} of {owner} is {value}; give 1 or more")
        elif not (0 <= value < 1 or (value == 1 and most_included)):
            raise UserError(f"parameter {parameter} of {owner} is {value}; give a share from 0 to 1")


kappa_average = StoppingPlugin(
    "KappaAverage",
    f"{CLASSES}:KappaAverage",
    parameters={"window_size": int, "kappa": float},
    check=_ranges("KappaAverage", most_included=True),
    past=3,
    window="window_size",
    threshold=("kappa", 0.99),
)
delta_f_score = StoppingPlugin(
    "DeltaFScore",
    f"{CLASSES}:DeltaFScore",
    parameters={"window_size": int, "threshold": float},
    check=_ranges("DeltaFScore"),
    past=3,
    window="window_size",
    two_labels=True,
    threshold=("threshold", 0.05),
)
classification_change = StoppingPlugin(
    "ClassificationChange",
    f"{CLASSES}:ClassificationChange",
    parameters={"threshold": float},
    check=_ranges("ClassificationChange"),
    past=1,
    tasks=ONE_LABEL | MANY_LABELS,
    threshold=("threshold", 0.0),
)
overall_uncertainty = StoppingPlugin(
    "OverallUncertainty",
    f"{CLASSES}:OverallUncertainty",
    parameters={"threshold": float},
    check=_ranges("OverallUncertainty"),
    threshold=("threshold", 0.05),
)
max_iterations = StoppingPlugin(
    "MaxIterations",
    f"{CLASSES}:MaxIterations",
    parameters={"max_iterations": int},
    check=_ranges("MaxIterations"),
    needed=("max_iterations",),
    tasks=ONE_LABEL | MANY_LABELS,
    threshold=("max_iterations", None),
)
BUNDLED = (kappa_average, delta_f_score, classification_change, overall_uncertainty, max_iterations)


def threshold_in_force(criterion: str, parameters: Mapping[str, Any]) -> float | None:
    """The threshold of a criterion that comes with labelloop, as given or by default. None: it is unknown."""
    for each in BUNDLED:
        if plain(each.name) == plain(criterion) and each.threshold is not None:
            parameter, default = each.threshold
            value = parameters.get(parameter, default)
            return value if isinstance(value, int | float) else None
    return None
