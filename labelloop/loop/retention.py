"""Which models are kept (how many: LABELLOOP_KEEP_MODELS), and which predictions of them. Pure."""

from collections.abc import Sequence

from labelloop.loop.names import numbered
from labelloop.loop.schedule import picked_by
from labelloop.loop.settings_in_force import for_next, lookahead_at
from labelloop.loop.state import LoopState, Trained
from schemas.events import PredictionsRecorded
from schemas.parts import Snapshot


def kept_models(state: LoopState, count: int, coming: int = 0) -> list[Trained]:
    """The models to keep: the newest `count` once `coming` more exist, and those still needed."""
    names = list(state.models)
    stay = {*_newest(names, count - coming), *_newest(numbered(names), _needed(state) - coming)}
    return [state.models[name] for name in names if name in stay]


def kept_predictions(state: LoopState) -> tuple[Snapshot, ...]:
    """The files with the predictions of each model. They outlive it, and stay as long as the project."""
    return tuple(map(file_of, state.predictions.values()))


def file_of(recorded: PredictionsRecorded) -> Snapshot:
    """The file in the store with the predictions of a model."""
    return Snapshot(uri=recorded.uri, digest=recorded.sha256, size=recorded.tested + recorded.drawn)


def _needed(state: LoopState) -> int:
    """How many numbered models may still pick batches or be audited.

    A model is audited after the batch that it picked is done, and before the next batch is done.
    """
    project = for_next(state)
    if not project.lookahead_grows:
        needed = project.lookahead + (3 if project.audit_share else 1)
        if not lookahead_at(state, state.numbered).since:
            return needed
        oldest = picked_by(state, max(0, state.annotated - 1) if project.audit_share else state.numbered)
        return max(needed, sum(int(name) >= oldest for name in numbered(state.models)))
    oldest = picked_by(state, max(0, state.annotated - 1)) if project.audit_share else state.numbered
    return 2 + sum(int(name) >= oldest for name in numbered(state.models))


def _newest(names: Sequence[str], count: int) -> Sequence[str]:
    return names[max(0, len(names) - max(0, count)) :]
