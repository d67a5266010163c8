"""Stopping criteria by name, checked without loading them."""

from collections.abc import Mapping
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.classifier_spec import MULTI_LABEL, SINGLE_LABEL
from labelloop.learner.descriptors import StoppingPlugin
from labelloop.plugins import Plugins
from schemas.parts import Choice, Task

CRITERIA = Plugins("labelloop.stopping", StoppingPlugin, "stopping criterion")
DEFAULT = "kappa-average"
NONE = "none"
MOST_LABELS = 60
"""Of a multi-label task: what a model predicts for a text is one number of 64 bits, in the log."""
FOR_NEW: Mapping[Task, Choice] = {
    SINGLE_LABEL: Choice(name=DEFAULT),
    MULTI_LABEL: Choice(name="classification-change", parameters={"threshold": 0.05}),
}
"""What a new project uses unless it names another."""


def known_criteria(task: Task = SINGLE_LABEL) -> tuple[str, ...]:
    """Names of the stopping criteria for a task, in kebab case."""
    return tuple(name for name, criterion in CRITERIA.all().items() if task in criterion.tasks)


def check_stopping(
    name: str, parameters: Mapping[str, Any], task: Task = SINGLE_LABEL
) -> StoppingPlugin | None:
    """A criterion by name, in any case; None for `none`.

    Raises UserError for an unknown one, or one that is not for the task.
    """
    if name.lower() == NONE:
        if parameters:
            raise UserError(
                "--stopping none takes no --stopping-parameter: leave it out, or name a criterion"
            )
        return None
    criterion = CRITERIA.get(name)
    criterion.check_task(task, f"--stopping {FOR_NEW[task].name} or none")
    criterion.check_parameters(parameters)
    return criterion


def past(criterion: StoppingPlugin, parameters: Mapping[str, Any]) -> int:
    """How many earlier models a criterion needs."""
    return int(parameters.get(criterion.window, criterion.past)) if criterion.window else criterion.past


def check_classes(name: str, parameters: Mapping[str, Any], labels: int, task: Task = SINGLE_LABEL) -> None:
    """Check a criterion against the task and the number of labels. Raises UserError."""
    criterion = check_stopping(name, parameters, task)
    if criterion is not None and criterion.two_labels and labels != 2:
        raise UserError(
            f"{criterion} is for two labels, but there are {labels}: "
            f"give another --stopping, such as {FOR_NEW[task].name}"
        )
    if criterion is not None and task == MULTI_LABEL and labels > MOST_LABELS:
        raise UserError(
            f"a stopping criterion takes at most {MOST_LABELS} labels of a multi-label task, but there are "
            f"{labels}: give --stopping {NONE}"
        )
