"""Which models are kept. Pure; what is trained next is in `labelloop.loop.order`."""

from collections.abc import Sequence

from labelloop.loop.names import numbered
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState, Trained


def kept(state: LoopState, count: int, coming: int = 0) -> list[Trained]:
    """The newest models that stay when so many more have come: `count`, and those that are needed yet."""
    names = list(state.models)
    stay = {*_newest(names, count - coming), *_newest(numbered(names), _needed(state) - coming)}
    return [state.models[name] for name in names if name in stay]


def _needed(state: LoopState) -> int:
    """How many numbered models may pick batches yet, or be audited.

    A model is audited when the batch that it picked is done, while the one for that batch is trained, and
    until the next batch is done.
    """
    return state.project.lookahead + (3 if for_next(state).audit_share else 1)


def _newest(names: Sequence[str], count: int) -> Sequence[str]:
    return names[max(0, len(names) - max(0, count)) :]
