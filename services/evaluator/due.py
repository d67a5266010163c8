"""Which model is to be measured next. Pure."""

from labelloop.loop.state import LoopState
from schemas.events import ModelTrained


def next_evaluation(state: LoopState, keep: int) -> ModelTrained | None:
    """The oldest model without figures, of those that the trainer does not remove. None without a test set.

    While it trains one more, it keeps one less than `keep` of those in the log.
    """
    if state.project is None or state.project.test is None:
        return None
    for name, trained in list(state.models.items())[-max(1, keep - 1) :]:
        if name not in state.evaluations and trained.available:
            return trained.latest
    return None
