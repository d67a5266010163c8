"""Which models are kept. Pure; what is trained next is in `labelloop.loop.order`."""

from labelloop.loop.state import LoopState
from schemas.events import ModelTrained


def kept(state: LoopState, count: int) -> list[ModelTrained]:
    """The newest models that stay: `count` of them, and as many as batches yet to be picked need."""
    lookahead = state.project.lookahead if state.project else 0
    newest = list(state.models.values())[-max(count, lookahead + 1) :]
    return [trained.latest for trained in newest]
