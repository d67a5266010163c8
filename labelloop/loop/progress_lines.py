"""Progress lines: one per batch, once a model has learned it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelloop.loop.figures import labels_up_to, waits
from labelloop.loop.names import number_of
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState


@dataclass(frozen=True)
class BatchLine:
    """A batch's figures, with durations in seconds. None if there is no value.

    `name` is the batch, or a final model that belongs to no batch.
    """

    name: str
    labels: int
    accuracy: float | None
    trained: float | None
    picked: float | None
    waited: float | None


def batch_lines(state: LoopState) -> Iterator[BatchLine]:
    """The complete lines: of batches that are learned and, if there is a test set, evaluated."""
    waited = waits(state)
    over = finished(state)
    for name, batch in state.batches.items():
        skipped = number_of(name) in state.skipped
        if is_tested(state, name) or (batch.done and (skipped or (over and name not in state.models))):
            yield _line(state, name, batch.queried.seconds, waited.get(name))
    for name in state.models:
        if name not in state.batches and is_tested(state, name):
            yield _line(state, name, None, None)


def is_tested(state: LoopState, model: str) -> bool:
    """Whether the model exists, and no evaluation of it is outstanding."""
    if model not in state.models:
        return False
    return model in state.evaluations or state.project.test is None or _is_passed_over(state, model)


def _is_passed_over(state: LoopState, model: str) -> bool:
    """Whether the model was skipped: models are evaluated in order, and a newer one already was."""
    names = list(state.models)
    newer = names[names.index(model) + 1 :]
    return len(state.models[model].attempts) == 1 and any(name in state.evaluations for name in newer)


def _line(state: LoopState, name: str, picked: float | None, waited: float | None) -> BatchLine:
    trained = state.models.get(name)
    evaluation = state.evaluations.get(name)
    return BatchLine(
        name=name,
        labels=trained.first.labels if trained else labels_up_to(state, name),
        accuracy=evaluation.accuracy if evaluation else None,
        trained=trained.first.seconds if trained else None,
        picked=picked,
        waited=waited,
    )
