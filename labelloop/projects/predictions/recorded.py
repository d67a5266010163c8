"""The predictions that the evaluator recorded: how they are opened, and how right they are."""

from pathlib import Path

from labelloop.errors import UserError, one_line
from labelloop.loop.figures import predictions as predictions_of
from labelloop.loop.retention import file_of
from labelloop.loop.state import LoopState
from labelloop.projects.predictions.reliability import AuditedText
from labelloop.store import SnapshotLost, Store
from labelloop.store.artifacts import file_digest
from labelloop.store.predictions import StoredPredictions, read
from schemas.events import PredictionsRecorded


def recorded_of(state: LoopState, model: str) -> PredictionsRecorded:
    """The event about a model's predictions. Raises UserError if there is none."""
    if model not in state.models:
        raise UserError(f"there is no model {model!r}: choose from {', '.join(state.models) or 'none yet'}")
    recorded = predictions_of(state)
    if model in recorded:
        return recorded[model]
    if model == list(state.models)[-1]:
        raise UserError(
            f"the predictions of model {model} are not recorded yet: let the services run (`labelloop up`), "
            f"or choose from {_others(state, model)}"
        )
    raise UserError(
        f"the predictions of model {model} were not recorded, and will not be: choose from "
        f"{_others(state, model)}"
    )


def open_predictions(state: LoopState, store: Store, model: str) -> StoredPredictions:
    """What a model says of the texts for which it was recorded. Labels are named as in the log.

    Raises UserError if that was not recorded, or if the file is gone or damaged, and Unavailable.
    """
    recorded = recorded_of(state, model)
    file, where = _file(state, store, recorded), store.address(recorded.uri)
    try:
        return read(file)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"the predictions of model {model} in {where} cannot be read ({one_line(error)}): upgrade "
            f"labelloop, or choose from {_others(state, model)}"
        ) from error


def _file(state: LoopState, store: Store, recorded: PredictionsRecorded) -> Path:
    """The file, checked."""
    what = f"the predictions of model {recorded.model} in {store.address(recorded.uri)}"
    remedy = f"restore them from a backup, or choose from {_others(state, recorded.model)}"
    try:
        file = store.snapshot(file_of(recorded))
    except SnapshotLost as error:
        raise UserError(f"{what} are gone or damaged: {remedy}") from error
    if not file.is_file():
        raise UserError(f"{what} are gone: {remedy}")
    if file_digest(file) != recorded.sha256:
        raise UserError(f"{what} are damaged (their sha256 has changed): {remedy}")
    return file


def _others(state: LoopState, model: str) -> str:
    return ", ".join(each for each in predictions_of(state) if each != model) or "none"


def on_test_set(predictions: StoredPredictions) -> list[AuditedText]:
    """With which probability each label of the test set was predicted, and whether rightly.

    Where a text may have several labels, each label of each text counts: how probable it was, and whether
    the text has it.
    """
    test = predictions.test
    if test.gold is None:
        return []
    if predictions.several:
        pairs = zip(test.probabilities.ravel().tolist(), test.gold.ravel().tolist(), strict=True)
    else:
        pairs = zip(test.highest.tolist(), test.is_right.tolist(), strict=True)
    return [AuditedText(float(probability), bool(is_right)) for probability, is_right in pairs]
