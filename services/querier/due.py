"""What the querier does next, and whether the learner will be asked. Pure; see `labelloop.loop.order`."""

from labelloop.loop.lookahead import picking_model
from labelloop.loop.order import NextBatch, is_last_queried, next_batch
from labelloop.loop.relabels import NextRelabel, next_relabel
from labelloop.loop.state import LoopState


def next_work(state: LoopState) -> NextBatch | NextRelabel | None:
    """The next numbered batch comes first: it took longer to pick, if that is under way."""
    return next_batch(state) or next_relabel(state)


def is_model_wanted(state: LoopState) -> bool:
    """Whether the next batch, if there is one more, is picked by a model."""
    if state.project is None or state.ended or is_last_queried(state):
        return False
    return picking_model(state.project, state.numbered) >= 0
