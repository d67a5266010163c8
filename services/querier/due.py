"""Whether the learner will be asked. Pure; what is picked next is in `labelloop.loop.order`."""

from labelloop.loop.lookahead import picking_model
from labelloop.loop.order import is_last_queried
from labelloop.loop.state import LoopState


def is_model_wanted(state: LoopState) -> bool:
    """Whether the next batch, if there is one more, is picked by a model."""
    if state.project is None or state.ended or is_last_queried(state):
        return False
    return picking_model(state.project, state.numbered) >= 0
