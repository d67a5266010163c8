"""Which model is to be measured next. Pure."""

from labelloop.loop.state import LoopState
from schemas.events import ModelTrained


def next_evaluation(state: LoopState, keep: int) -> ModelTrained | None:
    """The oldest model without figures, of the last `keep`: older ones are not kept. None without a test set."""
    if state.project is None or state.project.test is None:
        return None
    for name, trained in list(state.models.items())[-keep:]:
        if name not in state.evaluations and trained.available:
            return trained.latest
    return None
