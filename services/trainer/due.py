"""Which models are kept. Pure; what is trained next is in `labelloop.loop.order`."""

from labelloop.loop.state import LoopState
from schemas.events import ModelTrained


def kept(state: LoopState, count: int) -> list[ModelTrained]:
    """The newest models that stay: `count` of them, and those that batches yet to be picked need."""
    lookahead = state.project.lookahead if state.project else 0
    names = list(state.models)
    pickers = [name for name in names if name.isdecimal()][-(lookahead + 1) :]
    newest = names[max(0, len(names) - count) :]
    return [state.models[name].latest for name in names if name in pickers or name in newest]
